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
