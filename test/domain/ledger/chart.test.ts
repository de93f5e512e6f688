import { accountAt, accountsOf, CHART, chartPage } from '../../../domain/ledger/chart';
import { accrued, adjusted, chargedOff, ENTRY_KINDS } from '../../../domain/ledger/postings';
import { ZERO, fen } from '../../../domain/money/money';

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

it('a posting of the books is of the kind that the journal knows it by', () => {
  const none = { penalty: ZERO, fee: ZERO, interest: ZERO, principal: ZERO };
  const effect = { ...none, surplus: ZERO, recovered: ZERO, discounted: ZERO, writtenOff: ZERO };
  expect([accrued('fee', fen(1)).kind, chargedOff(none).kind, adjusted(effect, false).kind]).toEqual([
    'ACCRUED',
    'CHARGED_OFF',
    'ADJUSTED',
  ]);
  expect(new Set(ENTRY_KINDS).size).toBe(21);
});
