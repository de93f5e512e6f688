import { rmSync } from 'node:fs';
import type { RunningPostgres } from '../../dev/stack/postgres';

export default async function globalTeardown(): Promise<void> {
  const { loanloomPostgres, loanloomFolder } = globalThis as unknown as { loanloomPostgres: RunningPostgres; loanloomFolder: string };
  await loanloomPostgres.stop();
  rmSync(loanloomFolder, { recursive: true, force: true });
}
