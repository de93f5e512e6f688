import type { IdentityCheckKind, SourceAnswer } from '../../domain/party/identity-checks';
import type { Instant } from '../../domain/time/dates';

/** What a source is asked, in clear for as long as the question lasts. Each source is sent only what its check needs. */
export interface SourceQuestion {
  /** f(subject, check, version): the same question has the same id, however often it is asked. */
  readonly requestId: string;
  readonly name: string;
  readonly idNumber: string;
  readonly phone: string;
  readonly cardNumber: string;
  /** The person's consent in force: no question leaves without one. */
  readonly consentId: string;
  /** Business time: only a sandbox reads it. */
  readonly asOf: Instant;
}

/** What a source said. `detail`: its own code, or why there is no answer; never a person's data. */
export interface SourceReply {
  readonly answer: SourceAnswer;
  readonly detail: string;
  /** The body as it came, '' where none did: kept sealed. */
  readonly body: string;
}

/** Port to whoever can vouch for one thing about a person. It answers with a value, whatever happens on the way. */
export interface IdentitySource {
  readonly name: string;
  readonly check: IdentityCheckKind;
  /** By contract, for a question that was answered; in fen. */
  readonly priceFen: number;
  ask(question: SourceQuestion, signal: AbortSignal): Promise<SourceReply>;
}

export type IdentitySources = ReadonlyMap<IdentityCheckKind, IdentitySource>;
