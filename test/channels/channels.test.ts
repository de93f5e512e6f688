import { chooseChannel } from '../../channels/router';
import { createBankdirect } from '../../channels/bankdirect';
import { createCardnet } from '../../channels/cardnet';
import { CHANNEL_NAMES } from '../../channels/index';
import { createWallet } from '../../channels/wallet';
import { channelContract } from './contract';

const ADAPTERS = { wallet: createWallet, cardnet: createCardnet, bankdirect: createBankdirect };

it('puts every channel under the contract', () => {
  expect(Object.keys(ADAPTERS)).toEqual(CHANNEL_NAMES);
});

describe.each(Object.entries(ADAPTERS))('the channel %s', (name, create) => {
  channelContract({ name, create });
});

describe('the router', () => {
  const channels = ['wallet', 'cardnet', 'bankdirect'];

  it('takes the next channel only after the earlier ones, and an operator’s preference first', () => {
    expect(chooseChannel({ channels, tried: [], preferred: null })).toBe('wallet');
    expect(chooseChannel({ channels, tried: [{ channel: 'wallet' }], preferred: null })).toBe('cardnet');
    expect(chooseChannel({ channels, tried: [], preferred: 'bankdirect' })).toBe('bankdirect');
    expect(chooseChannel({ channels, tried: [{ channel: 'bankdirect' }], preferred: 'bankdirect' })).toBe('wallet');
    expect(chooseChannel({ channels, tried: channels.map((channel) => ({ channel })), preferred: null })).toBeUndefined();
  });
});
