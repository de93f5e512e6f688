/** On which side an account grows, and what kind of figure it is. */
export type AccountType = 'ASSET' | 'LIABILITY' | 'INCOME' | 'EXPENSE';

export interface LedgerAccount {
  readonly code: string;
  readonly name: string;
  readonly type: AccountType;
  /** One account per channel, its code ending in `:<channel>`. */
  readonly perChannel: boolean;
  /** What stands on it, and when it is zero. */
  readonly meaning: string;
}

const account = <const C extends string>(code: C, type: AccountType, name: string, meaning: string) => ({
  code,
  name,
  type,
  perChannel: false as const,
  meaning,
});
const channelAccount = <const C extends string>(code: C, type: AccountType, name: string, meaning: string) => ({
  ...account(code, type, name, meaning),
  perChannel: true as const,
});

/** Every account of the general ledger. docs/ledger.md is made from it; a test compares it with the database's own list. */
export const CHART = [
  channelAccount('settlement', 'ASSET', 'Settlement account at', 'our money at a channel: its file’s net, day by day'),
  channelAccount('in-transit', 'ASSET', 'In transit at', 'sent and without a proved outcome; zero when every payment has ended'),
  channelAccount('suspense-short', 'ASSET', 'Claims in suspense at', 'left the channel for no payment of ours: it owes it to us'),
  channelAccount('suspense-long', 'LIABILITY', 'Unexplained receipts at', 'came in for no payment of ours: we owe it to somebody'),
  channelAccount('fees-payable', 'LIABILITY', 'Fees not yet billed by', 'what a channel may charge, until its bill comes'),
  account('loans-receivable', 'ASSET', 'Loan principal receivable', 'principal that borrowers owe, charged-off loans left out'),
  account('interest-receivable', 'ASSET', 'Interest accrued and not received', 'interest earned by the daily close and not paid yet'),
  account('fees-receivable', 'ASSET', 'Fees due and not received', 'fees that fell due or were charged and are not paid yet'),
  account('penalty-receivable', 'ASSET', 'Penalty charged and not received', 'penalty interest earned and not paid yet'),
  account('loans-in-disbursement', 'ASSET', 'Payouts sent and not confirmed', 'payouts on their way; zero when every one has ended'),
  account('refunds-in-payment', 'ASSET', 'Refunds sent and not confirmed', 'surplus on its way back to borrowers'),
  account('debits-in-clearing', 'LIABILITY', 'Debits presented and not confirmed', 'debits on their way; zero when every one has ended'),
  account('customer-credit', 'LIABILITY', 'Surplus owed to borrowers', 'paid beyond what was owed; it goes back before a loan is closed'),
  account('interest-income', 'INCOME', 'Contract interest', 'interest earned, day by day'),
  account('fee-income', 'INCOME', 'Fees', 'fees earned'),
  account('penalty-income', 'INCOME', 'Penalty', 'penalty interest earned'),
  account(
    'recovery-income',
    'INCOME',
    'Recoveries on charged-off loans',
    'what comes in after a charge-off or write-off, and receipts that nobody claims',
  ),
  account('charge-off-expense', 'EXPENSE', 'Loans charged off', 'what was owed on the day of the charge-off; the debt lives on'),
  account('discount-expense', 'EXPENSE', 'Debt forgiven in settlements', 'forgiven in settlements'),
  account('write-off-expense', 'EXPENSE', 'Loans written off', 'principal given up, and money that a channel lost'),
  account('channel-fees', 'EXPENSE', 'Fees of payment channels', 'what channels charge for payments'),
] as const satisfies readonly LedgerAccount[];

type Row = (typeof CHART)[number];
type ChannelCode = Extract<Row, { perChannel: true }>['code'];
/** The code of an account of the chart, as the journal has it. */
export type LedgerCode = Extract<Row, { perChannel: false }>['code'] | `${ChannelCode}:${string}`;

/** A channel's own account. */
export const accountAt = <C extends ChannelCode>(code: C, channel: string) => `${code}:${channel}` as const;

/** The accounts of one channel, as rows of the general ledger. */
export const accountsOf = (channel: string): { code: string; name: string; type: AccountType; channel: string }[] =>
  CHART.filter((each) => each.perChannel).map(({ code, name, type }) => ({
    code: accountAt(code, channel),
    name: `${name} ${channel}`,
    type,
    channel,
  }));

/** docs/ledger.md. */
export function chartPage(): string {
  const rows = CHART.map(
    (each) =>
      `| \`${each.code}${each.perChannel ? ':<channel>' : ''}\` | ${each.type} | ${each.name}${each.perChannel ? ' a channel' : ''} | ${each.meaning} |`,
  );
  return `# The general ledger\n\nMade from domain/ledger/chart.ts; a test compares it with the database's own list and with every posting of domain/ledger/postings.ts. Assets and expenses grow by debits, the others by credits.\n\n| account | type | name | what stands on it |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}
