import { LoanloomError } from '../../domain/errors';

/** What a keeper of keys elsewhere is asked by. */
export interface RemoteKeys {
  /** Before each key's name, so that several systems can share a keeper. */
  readonly prefix: string;
  /** How long one question may take. */
  readonly timeoutMs: number;
}

/** Its sentence is shown to borrowers. */
export const keysAway = (): LoanloomError =>
  new LoanloomError('KEYS_UNAVAILABLE', 'the service cannot be used for the moment, nothing was changed: try again later');
