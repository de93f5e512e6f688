import { epochMs } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { createAlibabaCardSource } from './alibaba';
import type { IdentitySource, IdentitySources } from './port';
import { SOURCE_RULES } from './rules';
import { createTencentSource } from './tencent';
import type { SourceLink } from './wire';

export interface SourceSettings {
  /** Of the sources together; each has a path of its own. */
  readonly baseUrl: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** After so many silences in a row a source is left in peace for so long. */
const BREAKER = { silences: 5, restMs: 15_000 } as const;

/**
 * The same source, left in peace for a while after it has not answered several times in a row: it is UNAVAILABLE then,
 * without being asked. Time is the question's business time, so that a sandbox's clock moves it too. State is per process.
 */
export function withSourceBreaker(source: IdentitySource, { silences, restMs } = BREAKER): IdentitySource {
  let inARow = 0;
  let restsUntil = 0;
  return {
    ...source,
    async ask(question, signal) {
      const now = epochMs(question.asOf);
      if (now < restsUntil) return { answer: 'UNAVAILABLE', detail: 'BREAKER_OPEN', body: '' };
      const reply = await source.ask(question, signal);
      inARow = reply.answer === 'UNAVAILABLE' ? inARow + 1 : 0;
      restsUntil = inARow >= silences ? now + restMs : 0;
      return reply;
    },
  };
}

/** Every source that is asked about a borrower. CONFIGURATION where one has no secret. */
export function createIdentitySources({ baseUrl, secrets, timeoutMs }: SourceSettings): IdentitySources {
  const linkTo = (name: string): SourceLink => {
    const secret = secrets[name];
    if (!secret) throw new LoanloomError('CONFIGURATION', `${name} has no secret in CHANNEL_SECRETS_FILE`);
    return { baseUrl: `${baseUrl}/${name}`, keyId: 'loanloom', secret, timeoutMs };
  };
  const sources = [
    createTencentSource(linkTo('tencent'), { check: 'ID_NAME', priceFen: SOURCE_RULES.ID_NAME.priceFen }),
    createTencentSource(linkTo('tencent'), { check: 'PHONE_THREE_ELEMENTS', priceFen: SOURCE_RULES.PHONE_THREE_ELEMENTS.priceFen }),
    createAlibabaCardSource(linkTo('alibaba'), { priceFen: SOURCE_RULES.CARD_FOUR_ELEMENTS.priceFen }),
  ];
  return new Map(sources.map((source) => [source.check, withSourceBreaker(source)]));
}
