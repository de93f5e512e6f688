import type { ApplicationRow } from '../../db/application/applications';
import type { CommandRow } from '../../db/commands';
import type { Tx } from '../../db/pool';
import { LoanloomError } from '../../domain/errors';
import type { Instant } from '../../domain/time/dates';
import type { ActivityDeps } from '../deps';

/** What a command is about, its application locked. */
export interface Asked {
  readonly command: CommandRow;
  readonly application: ApplicationRow;
  readonly at: Instant;
}

export type Handler = (deps: ActivityDeps, tx: Tx, asked: Asked) => Promise<Record<string, string | number | boolean>>;

/** ILLEGAL_TRANSITION in another status. */
export function requireStatus(application: ApplicationRow, status: ApplicationRow['status'], what: string): void {
  if (application.status !== status)
    throw new LoanloomError('ILLEGAL_TRANSITION', `${what} is not possible while the application is ${application.status}`, {
      from: application.status,
    });
}
