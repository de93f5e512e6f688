import { InvalidArgumentError, type Command } from 'commander';
import { auditHashAt, brokenAudit, readAudit, readAuditHead, type AuditFilter, type AuditLine } from '../../db/audit';
import { keys } from '../../domain/keys';
import { at, businessDate, addDays, type Instant } from '../../domain/time/dates';
import { withAttached } from './subcommands';

type Print = (line: string) => void;
interface ListOptions {
  readonly person?: string;
  readonly loan?: string;
  readonly operator?: string;
  readonly action?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
  readonly json?: true;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || value > 100_000) throw new InvalidArgumentError('a whole number from 1 to 100000');
  return value;
}

/** A day begins at its first moment; the last day is counted to its end. */
const firstMoment = (date: string, path: string): Instant => at(businessDate(date, path), '00:00');

function filterOf(options: ListOptions): AuditFilter {
  return {
    limit: options.limit,
    ...(options.person === undefined ? {} : { person: options.person }),
    ...(options.loan === undefined ? {} : { subject: options.loan }),
    ...(options.operator === undefined ? {} : { actor: keys.operator(options.operator) }),
    ...(options.action === undefined ? {} : { action: options.action.toUpperCase() }),
    ...(options.from === undefined ? {} : { from: firstMoment(options.from, 'from') }),
    ...(options.to === undefined ? {} : { to: at(addDays(businessDate(options.to, 'to'), 1), '00:00') }),
  };
}

const lineOf = (line: AuditLine): string =>
  `${line.at.toISOString()}  ${(line.seq === null ? 'unsealed' : `#${String(line.seq)}`).padEnd(9)} ${line.actor.padEnd(20)} ${line.action.padEnd(22)} ${line.subject}  ${line.reason}`;

function anchorOf(text: string): { seq: number; hash: string } {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined)
    throw new InvalidArgumentError('a place and its hash, as "loan audit verify" printed them: 42:9f86…');
  return { seq: Number(seq), hash };
}

/** `loan audit`: who did what, and whether the log is as it was written. */
export function addAudit(program: Command, print: Print): void {
  const audit = program.command('audit').description('who decided, revealed and did what, and whether the log was changed');
  audit
    .command('list')
    .description('the log, newest first')
    .option('--person <borrowerId>', 'a borrower: their own lines and those of their applications and loans')
    .option('--loan <id>', 'one loan, application or other subject')
    .option('--operator <name>', 'what one operator did')
    .option('--action <word>', 'one kind of act')
    .option('--from <date>', 'from this day on')
    .option('--to <date>', 'up to the end of this day')
    .option('--limit <n>', 'how many lines at most', wholeNumber, 200)
    .option('--json', 'one JSON object per line')
    .action((options: ListOptions, command: Command) =>
      withAttached(command, async ({ db }) => {
        const lines = await readAudit(db, filterOf(options));
        for (const line of lines) print(options.json ? JSON.stringify(line) : lineOf(line));
        if (lines.length === options.limit && !options.json) print(`… the newest ${String(options.limit)}: narrow it, or raise --limit`);
      }),
    );
  audit
    .command('verify')
    .description('recompute the chain: status 2 when a line was changed, moved or taken out')
    .option('--anchor <place:hash>', 'what an earlier run printed, kept elsewhere: the chain has to lead over it', anchorOf)
    .action((options: { anchor?: { seq: number; hash: string } }, command: Command) =>
      withAttached(command, async ({ db }) => {
        const faults = await brokenAudit(db);
        const { anchor } = options;
        if (anchor && (await auditHashAt(db, anchor.seq)) !== anchor.hash)
          faults.push(`place ${String(anchor.seq)} is not what it was: the chain was written anew, or the database is an earlier one`);
        for (const fault of faults) print(fault);
        const head = await readAuditHead(db);
        if (head.unsealed > 0)
          print(
            `${String(head.unsealed)} lines wait for their seal, the oldest since ${head.unsealedSince ?? ''}: they are not proved yet`,
          );
        print(
          faults.length === 0
            ? `the log is as it was written; keep this elsewhere: ${String(head.seq)}:${head.hash}`
            : `${String(faults.length)} contradictions`,
        );
        if (faults.length > 0) process.exitCode = 2;
      }),
    );
}
