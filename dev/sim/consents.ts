import type { NotedQuestion } from '../../simulator/identity/sources';
import type { BorrowerClient } from '../demo/borrower-client';
import type { Violation } from './checks';
import type { SimWorld } from './world';

/** A question that left in the moment of the withdrawal may still arrive. */
const ON_ITS_WAY_MS = 3_000;

/** Who withdrew which consent, to be held against the identity sources' own books (I13, B5). */
export class ConsentWatch {
  private readonly withdrawn = new Map<string, number>();

  /** Withdraws by the API; from then on no source may be asked in its name. */
  async withdraw(client: BorrowerClient, kind: 'IDENTITY_QUERY' | 'PRIVACY'): Promise<void> {
    const { standing } = await client.call<{ standing: { kind: string; consentId: string; isGranted: boolean }[] }>('GET', '/v1/consents');
    await client.call('DELETE', `/v1/consents/${kind}`);
    const asked = standing.find((each) => each.kind === 'IDENTITY_QUERY' && each.isGranted);
    if (asked && !this.withdrawn.has(asked.consentId)) this.withdrawn.set(asked.consentId, Date.now());
  }

  /** A database that was restored may know nothing of a withdrawal. */
  forget(): void {
    this.withdrawn.clear();
  }

  /** What the sources' books show that they should not. A database that was restored knows nothing of the time that was lost. */
  async violations(world: SimWorld): Promise<Violation[]> {
    const questions = await world.tell<NotedQuestion[]>('identity/questions');
    const rows = await world.attached
      .db('consents')
      .whereIn('id', [...new Set(questions.map(({ consentId }) => consentId))])
      .select<{ id: string; kind: string; is_granted: boolean }[]>('id', 'kind', 'is_granted');
    const known = new Map(rows.map((row) => [row.id, row]));
    return questions.flatMap(({ source, action, requestId, consentId, receivedAt }) => {
      const [consent, withdrawnAt] = [known.get(consentId), this.withdrawn.get(consentId)];
      const found = (what: string) => [{ invariant: 'I13', what: `${source} was asked ${action} (${requestId}) ${what}` }];
      if (!consent) return world.restores > 0 ? [] : found('without a consent');
      if (consent.kind !== 'IDENTITY_QUERY' || !consent.is_granted) return found(`in the name of a consent to ${consent.kind}`);
      return withdrawnAt !== undefined && receivedAt > withdrawnAt + ON_ITS_WAY_MS ? found('after the consent was withdrawn') : [];
    });
  }
}
