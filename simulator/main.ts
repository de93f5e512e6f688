import { readFileSync } from 'node:fs';
import { createSimulator } from './server';

/** Own process, own settings: it imports nothing of the lender, so it reads its variables itself. */
const secretsFile = process.env.CHANNEL_SECRETS_FILE;
if (!secretsFile) throw new Error('the simulator needs CHANNEL_SECRETS_FILE, a JSON file with one signing secret per bank');
const secrets = JSON.parse(readFileSync(secretsFile, 'utf8')) as Record<string, string>;
const booksFile = process.env.SIMULATOR_BOOKS_FILE;
const registerFile = process.env.SIMULATOR_REGISTER_FILE;
const authorityFile = process.env.SIMULATOR_AUTHORITY_FILE;
const rootFile = process.env.SIMULATOR_ROOT_FILE;
const webhookUrl = process.env.SIMULATOR_WEBHOOK_URL;
const server = createSimulator({
  secrets,
  ...(booksFile ? { booksFile } : {}),
  ...(registerFile ? { registerFile } : {}),
  ...(authorityFile ? { authorityFile } : {}),
  ...(rootFile ? { rootFile } : {}),
  ...(webhookUrl ? { webhookUrl } : {}),
});
server.listen(Number(process.env.SIMULATOR_PORT ?? 8091), process.env.SIMULATOR_HOST ?? '127.0.0.1', () => {
  process.stdout.write('simulator ready\n');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    server.closeAllConnections();
    server.close(() => process.exit(0));
  });
}
