import { createBankdirect } from '../../channels/adapters/bankdirect';
import { createCardnet } from '../../channels/adapters/cardnet';
import { createWallet } from '../../channels/adapters/wallet';
import { instant } from '../../domain/time/dates';
import { fen } from '../../domain/money/money';
import { startBanks } from '../support/world';
import { channelContract } from './contract';
import { CHANNEL_NAMES } from '../../channels/names';

const ADAPTERS = { wallet: createWallet, cardnet: createCardnet, bankdirect: createBankdirect };

it('puts every channel under the contract', () => {
  expect(Object.keys(ADAPTERS)).toEqual(CHANNEL_NAMES);
});

describe.each(Object.entries(ADAPTERS))('the channel %s', (name, create) => {
  channelContract({ name, create });
});

it('bankdirect says that an order is taken in until its results are out, and never more than that', async () => {
  const banks = await startBanks();
  try {
    const channel = createBankdirect({ baseUrl: banks.url, secret: banks.secrets.bankdirect!, timeoutMs: 1_000 });
    const { signal } = new AbortController();
    const order = (asOf: string) => ({
      number: 'payout-loan1-1a1',
      kind: 'PAYOUT' as const,
      amount: fen(12_345),
      currency: 'CNY' as const,
      account: '6222020000000000001',
      accountName: '王小明',
      reference: 'loan1',
      asOf: instant(asOf),
    });
    const open = { outcome: 'UNKNOWN', acknowledged: true, code: 'PDNG' };
    expect(await channel.send(order('2026-11-23T08:00:00Z'), signal)).toMatchObject(open);
    expect(await channel.query(order('2026-11-23T08:00:59Z'), signal)).toMatchObject(open);
    expect(await channel.close(order('2026-11-23T08:00:59Z'), signal)).toMatchObject(open);
    expect(await channel.query(order('2026-11-23T08:01:00Z'), signal)).toMatchObject({ outcome: 'SUCCEEDED', valueDate: '2026-11-23' });
  } finally {
    await banks.close();
  }
});
