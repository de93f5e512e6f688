import { IDENTITY_CHECKS } from '../../domain/party/identity-checks';
import type { IdentitySources, SourceQuestion, SourceReply } from '../../providers/identity/port';

export type Answering = (question: SourceQuestion, check: string) => SourceReply | Promise<SourceReply>;

export const MATCH: SourceReply = { answer: 'MATCH', detail: '0', body: '{"Result":"0"}' };
export const MISMATCH: SourceReply = { answer: 'MISMATCH', detail: '-1', body: '{"Result":"-1"}' };
export const UNAVAILABLE: SourceReply = { answer: 'UNAVAILABLE', detail: 'HTTP_503', body: '' };

/** Sources that say what a test tells them, MATCH where it tells nothing, and remember what they were asked. */
export interface FakeSources {
  readonly sources: IdentitySources;
  readonly asked: (SourceQuestion & { readonly check: string })[];
  answer(answering?: Answering): void;
}

export function fakeSources(): FakeSources {
  let answering: Answering = () => MATCH;
  const asked: FakeSources['asked'] = [];
  const sources: IdentitySources = new Map(
    IDENTITY_CHECKS.map((check) => [
      check,
      {
        name: `fake-${check.toLowerCase()}`,
        check,
        priceFen: 30,
        ask: async (question) => {
          asked.push({ ...question, check });
          return answering(question, check);
        },
      },
    ]),
  );
  return {
    sources,
    asked,
    answer: (next = () => MATCH) => {
      answering = next;
    },
  };
}
