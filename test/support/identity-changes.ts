import type { Person } from '../../dev/demo/person';
import { fakeSources, type Answering } from './identity-sources';
import { startRelay } from '../../workers/relay';
import { startApi, unreachableTemporal, type Api, type ApiAnswer } from './api';
import { createWorld, eventually, type World } from './world';

/** Borrowers who ask for a change of identity, and operators who decide it, over the real API with a relay that mails. */
export interface IdentityDesk {
  readonly world: World;
  readonly api: Api;
  /** What the identity sources answer from now on; MATCH without an argument. */
  answer(answering?: Answering): void;
  ask(person: Person, body: object, key?: string): Promise<ApiAnswer>;
  confirm(as: string, changeId: string, codes: object): Promise<ApiAnswer>;
  decide(changeId: string, verdict: string, as?: string): Promise<ApiAnswer>;
  /** The code that went to an address for a change. */
  codeTo(address: string, changeId: string): Promise<string>;
  close(): Promise<void>;
}

export async function openIdentityDesk(verdictTimeoutMs?: number): Promise<IdentityDesk> {
  const world = await createWorld({ server: 'time-skipping' });
  const { sources, answer } = fakeSources();
  const deps = { ...world.deps, identitySources: sources };
  const api = await startApi(deps, unreachableTemporal(1), verdictTimeoutMs);
  const relay = startRelay(world.deps, world.client);
  return {
    world,
    api,
    answer,
    ask: (person, body, key) =>
      api.request('POST', '/v1/identity-changes', { as: person.borrowerId, body, ...(key === undefined ? {} : { key }) }),
    confirm: (as, changeId, codes) => api.request('POST', `/v1/identity-changes/${changeId}/confirmation`, { as, body: codes }),
    decide: (changeId, verdict, as = 'li-na') =>
      api.request('POST', `/v1/ops/identity-changes/${changeId}/decision`, {
        as,
        role: 'operator',
        body: { verdict, reason: 'the register says so' },
      }),
    codeTo: (address, changeId) =>
      eventually(`a code to ${address}`, () => {
        const mail = world.mails.find((each) => each.to === address && each.key.includes(`identity-code:${changeId}`));
        return Promise.resolve(/(\d{6})/.exec(mail?.text ?? '')?.[1]);
      }),
    close: async () => {
      await relay.stop();
      await api.close();
      await world.close();
    },
  };
}
