import { resolve } from 'node:path';
import { Command } from 'commander';
import { mintToken } from '../../api/auth';
import { describeEnv, readEnv } from '../../config/env';
import { keySettings } from '../../config/keys';
import { createVault } from '../../db/party/vault';
import { LoanloomError } from '../../domain/errors';
import { createKeyProvider } from '../../providers/keys/index';
import { attach, runningRecord } from '../attach';
import { examine, printReport, repair } from '../audit/doctor';
import { addAudit } from './audit';
import { addKeys } from './keys';
import { addLedger } from './ledger';
import { addQuote } from './quote';
import { addReconciliation } from './recon';
import { addRestoreGuard } from './restore';
import { setUp, writeComposeSecrets } from '../setup';
import { addOperatorCommands } from './operator-commands';
import { tokenOf } from '../operator-keys';
import { addOperatorStaff } from './operator-staff';
import { StackFault } from '../fault';
import { sandbox } from './sandbox';
import { withAttached } from './subcommands';

const print = (line: string) => process.stdout.write(`${line}\n`);

function addToken(program: Command): void {
  program
    .command('token')
    .description('mint a bearer token for the API')
    .option('--borrower <id>', 'for this borrower')
    .option('--operator <name>', 'for this operator, whose key is on this machine')
    .option('--hours <n>', 'how long it is valid: a borrower’s up to 8760, an operator’s up to 1', '1')
    .action((options: { borrower?: string; operator?: string; hours: string }, command: Command) =>
      withAttached(command, async (attached) => {
        const { borrower, operator } = options;
        if ((borrower === undefined) === (operator === undefined))
          throw new LoanloomError('VALIDATION', 'say for whom: either --borrower <id> or --operator <name>', { path: '--borrower' });
        const hours = Number(options.hours);
        const most = operator === undefined ? 8_760 : 1;
        if (!(hours > 0 && hours <= most))
          throw new LoanloomError('VALIDATION', `such a token is valid for more than 0 and up to ${String(most)} hours`, {
            path: '--hours',
          });
        print(
          await (operator === undefined
            ? mintToken(attached.tokenSecret, borrower ?? '', hours)
            : tokenOf(attached, operator, Math.ceil(hours * 3_600))),
        );
      }),
    );
}

function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('start the stack (or use the running one), print every loan, and check the invariants')
    .option('--repair', 'restart the workflow of every open loan that has none')
    .option('--json', 'one JSON object instead of text')
    .action(async (options: { repair?: boolean; json?: boolean }, command: Command) => {
      const { data } = command.optsWithGlobals<{ data: string }>();
      const isRunning = runningRecord(data) !== undefined || readEnv().DATABASE_URL !== undefined;
      const own = isRunning ? undefined : await (await sandbox()).startOwnStack(resolve(data), options.json ? () => undefined : print);
      const attached = await attach(data);
      try {
        if (options.repair) for (const id of await repair(attached.db, attached.client)) print(`restarted ${id}`);
        const report = await examine({
          db: attached.db,
          client: attached.client,
          vault: createVault(createKeyProvider(keySettings(attached.env))),
          ...(attached.env.LOANLOOM_SANDBOX ? { booksUrl: `${attached.env.CHANNELS_URL}/books` } : {}),
        });
        if (options.json) print(JSON.stringify(report));
        else printReport(report, print);
        if (!options.json) print(own ? 'the stack starts and stops as it should' : 'the running stack was used');
        if (report.checks.some((check) => check.violations.length > 0)) process.exitCode = 2;
      } finally {
        await attached.close();
        await own?.stop();
      }
    });
}

async function main(): Promise<void> {
  // A reader such as `head` may close the pipe early: that is no error.
  process.stdout.on('error', () => process.exit(0));
  const program = new Command('loan').description('Loanloom from the command line');
  program.option('--data <folder>', 'data folder of the local stack', readEnv().LOANLOOM_DATA_DIR);
  addToken(program);
  const local = await sandbox().catch(() => undefined);
  if (local) {
    local.addClock(program);
    local.addPerson(program);
  } else
    program
      .command('clock')
      .allowUnknownOption()
      .allowExcessArguments()
      .description('not in this image')
      .action(async () => {
        await sandbox();
      });
  addDoctor(program);
  addOperatorCommands(program);
  addOperatorStaff(program);
  addQuote(program, print);
  addLedger(program, print);
  addAudit(program, print);
  addRestoreGuard(program);
  addKeys(program);
  addReconciliation(program, print);
  program
    .command('setup')
    .description('prepare a Postgres and a Temporal namespace that others run: schema, role, search attributes, schedules')
    .action(() => setUp(print));
  program
    .command('compose-secrets')
    .description('write secrets/ and .env for docker-compose.yml')
    .action(() => writeComposeSecrets(print));
  program
    .command('config')
    .description('every environment variable and what it means')
    .action(() => {
      for (const { name, meaning } of describeEnv()) print(`${name.padEnd(28)} ${meaning}`);
    });
  await program.parseAsync();
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    process.stderr.write(
      `${error instanceof Error ? error.message : String(error)}\n${error instanceof StackFault && error.output !== '' ? `${error.output}\n` : ''}`,
    );
    process.exit(1);
  },
);
