import type { Command } from 'commander';
import { yuan, type Fen } from '../../domain/money/money';
import { askOps, decision, REASON_HELP, type Options } from './decision';
import { withAttached } from './subcommands';

const path = (id: string) => `/v1/ops/applications/${id}/review`;
const ROUND_OPTION = ['--round <n>', 'the round that you looked at, as loan ops review names it: another one is refused'] as const;
const roundOf = ({ round }: Options) => (round === undefined ? {} : { round: Number(round) });

/** Referred applications: everything that is known about one, and the words that decide it. */
export function addReviews(ops: Command): void {
  ops
    .command('review <applicationId>')
    .description('everything that is known about an application: what was stated, each check with its source and time, what is missing')
    .requiredOption('--operator <name>', 'who looks (required); written to the audit log')
    .requiredOption('--reason <text>', REASON_HELP)
    .option('--json', 'as JSON')
    .action((id: string, options: Options, command: Command) =>
      withAttached(command, async (attached) => {
        const file = await askOps<ReviewView>(attached, options.operator ?? '', `/v1/ops/applications/${id}/file`, {
          reason: options.reason,
        });
        process.stdout.write(options.json === undefined ? textOf(file) : `${JSON.stringify(file)}\n`);
      }),
    );
  for (const [name, verdict] of [
    ['approve', 'APPROVE'],
    ['decline', 'DECLINE'],
  ] as const)
    decision(ops, {
      name,
      subject: 'applicationId',
      description: `${name} a referred application`,
      path,
      body: (options) => ({ verdict, ...roundOf(options), reason: options.reason }),
    }).option(...ROUND_OPTION);
  decision(ops, {
    name: 'refer-back',
    subject: 'applicationId',
    description: 'send a referred application back to its borrower, who is told what is missing',
    path,
    body: (options) => ({
      verdict: 'REFER_BACK',
      missing: (options.missing ?? '').split(','),
      ...roundOf(options),
      reason: options.reason,
    }),
  })
    .option(...ROUND_OPTION)
    .requiredOption('--missing <steps>', 'the steps that are asked for, with commas between them: income,card');
}

interface MoneyView {
  readonly minor: string;
}

interface ReviewView {
  readonly applicationId: string;
  readonly status: string;
  readonly round: number;
  readonly waitingUntil: string | null;
  readonly product: { readonly id: string; readonly version: number };
  readonly partnerId: string | null;
  readonly asked: Readonly<Record<string, string | number | MoneyView | null>> | null;
  readonly age: number | null;
  readonly otherInstallments: MoneyView;
  readonly checks: readonly { check: string; source: string; answer: string; at: string; tries: number }[];
  readonly decisions: readonly {
    round: number;
    stage: string;
    outcome: string;
    by: string;
    at: string;
    reasons: readonly string[];
    notChecked: readonly string[];
  }[];
  readonly replays: readonly { round: number; recorded: string; replayed: string | null }[];
  readonly consents: readonly { kind: string; isGranted: boolean; at: string }[];
  readonly missing: readonly string[];
  readonly approvals: readonly { approvedBy: string; reason: string; at: string }[];
  readonly takesTwo: boolean;
}

const shown = (value: string | number | MoneyView | null): string =>
  value === null ? 'not stated' : typeof value === 'object' ? `${yuan(Number(value.minor) as Fen)} yuan` : String(value);
const section = (title: string, lines: readonly string[]) => (lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]);

function textOf(file: ReviewView): string {
  const { applicationId, product, round } = file;
  const lines = [
    `application ${applicationId}: ${file.status}, round ${String(round)}, ${product.id} version ${String(product.version)}`,
    `until ${file.waitingUntil ?? 'no deadline'}; partner: ${file.partnerId ?? 'none'}`,
    ...section('stated', [
      ...Object.entries(file.asked ?? {}).map(([name, value]) => `${name.padEnd(26)} ${shown(value)}`),
      `${'age'.padEnd(26)} ${file.age === null ? 'not known yet' : String(file.age)}`,
      `${'other installments with us'.padEnd(26)} ${shown(file.otherInstallments)} a month`,
    ]),
    ...section(
      'checked',
      file.checks.map(
        (each) => `${each.check.padEnd(22)} ${each.answer.padEnd(10)} by ${each.source}, ${each.at}, asked ${String(each.tries)} times`,
      ),
    ),
    ...section(
      'decided',
      file.decisions.map(
        (each) =>
          `round ${String(each.round)} ${each.stage} ${each.outcome} by ${each.by}, ${each.at}${each.reasons.length === 0 ? '' : `: ${each.reasons.join('; ')}`}`,
      ),
    ),
    ...section('not checked by anybody', [
      ...new Set(file.decisions.filter((each) => each.round === round).flatMap((each) => each.notChecked)),
    ]),
    ...section(
      'run again from the same facts',
      file.replays.map((each) => `round ${String(each.round)}: ${each.recorded} then, ${each.replayed ?? 'cannot be run again'} now`),
    ),
    ...section(
      'consents',
      file.consents.map((each) => `${each.kind.padEnd(20)} ${each.isGranted ? 'given' : 'withdrawn'} ${each.at}`),
    ),
    ...section('missing', file.missing),
    ...section(
      file.takesTwo ? 'this amount takes two people; approved by' : 'approved by',
      file.takesTwo && file.approvals.length === 0
        ? ['nobody yet']
        : file.approvals.map((each) => `${each.approvedBy}, ${each.at}: ${each.reason}`),
    ),
    '',
    `decide it: npx loan ops approve|decline ${applicationId} --round ${String(round)} --operator <name> --reason <why>`,
    `           npx loan ops refer-back ${applicationId} --missing <steps> --round ${String(round)} --operator <name> --reason <why>`,
  ];
  return `${lines.join('\n')}\n`;
}
