import { accountAt, accountsOf, CHART, chartPage } from '../../../domain/ledger/chart';

/** Guarantee: a channel gets each of its five accounts, and the page shows every account as the journal has it. */
describe('the chart of accounts', () => {
  it('gives a channel its own five accounts, on their sides', () => {
    expect(accountsOf('wallet')).toEqual([
      { code: 'settlement:wallet', name: 'Settlement account at wallet', type: 'ASSET', channel: 'wallet' },
      { code: 'in-transit:wallet', name: 'In transit at wallet', type: 'ASSET', channel: 'wallet' },
      { code: 'suspense-short:wallet', name: 'Claims in suspense at wallet', type: 'ASSET', channel: 'wallet' },
      { code: 'suspense-long:wallet', name: 'Unexplained receipts at wallet', type: 'LIABILITY', channel: 'wallet' },
      { code: 'fees-payable:wallet', name: 'Fees not yet billed by wallet', type: 'LIABILITY', channel: 'wallet' },
    ]);
    expect(accountAt('settlement', 'cardnet')).toBe('settlement:cardnet');
  });

  it('is shown line by line, a channel’s accounts as such', () => {
    const lines = chartPage().split('\n');
    expect(lines[0]).toBe('# The general ledger');
    expect(lines.slice(4, 7)).toEqual([
      '| account | type | name | what stands on it |',
      '|---|---|---|---|',
      '| `settlement:<channel>` | ASSET | Settlement account at a channel | our money at a channel: its file’s net, day by day |',
    ]);
    expect(lines).toContain('| `interest-income` | INCOME | Contract interest | interest earned, day by day |');
    expect(lines).toHaveLength(6 + CHART.length + 1);
    expect(lines.at(-1)).toBe('');
  });
});
