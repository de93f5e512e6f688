import { borrowerId, loanId, loanIdFrom, taskQueues } from '../../domain/ids';
import { isErrorCode, isPassing, LoanloomError } from '../../domain/errors';

/** Guarantee: an id is safe in a URL, a workflow's name and a channel's order number; a fault says whether it may pass by itself. */
describe('an id', () => {
  it.each(['l1', '0-', 'a'.repeat(48), 'loan-2026-01'])('may be %s', (text) => {
    expect([loanId(text), borrowerId(text)]).toEqual([text, text]);
  });

  it.each(['', 'l', 'a'.repeat(49), '-l', 'L1', 'l_1', 'l 1', ' l1', 'l1\n', 'lé', 'l/1'])('may not be %j', (text) => {
    expect(() => loanId(text)).toThrow(
      expect.objectContaining({
        code: 'VALIDATION',
        message: 'a loan id has 2 to 48 lower-case letters, digits and hyphens',
        details: { path: 'loanId' },
      }),
    );
    expect(() => borrowerId(text)).toThrow(expect.objectContaining({ details: { path: 'borrowerId' } }));
  });

  it('is made of twelve random bytes, five bits of each, in letters that nobody mistakes', () => {
    const bytes = (...values: number[]) => Uint8Array.from({ length: 16 }, (_, index) => values[index] ?? 0);
    expect(loanIdFrom(bytes(0, 9, 10, 17, 18, 19, 20, 21, 22, 23, 31, 32))).toBe('09ahjkmnpqz0');
    // The thirteenth byte and those after it are not used, nor are the upper bits.
    expect(loanIdFrom(bytes(...Array<number>(12).fill(255), 7))).toBe('z'.repeat(12));
    expect(new Set(Array.from({ length: 32 }, (_, value) => loanIdFrom(bytes(value)))).size).toBe(32);
  });

  it('of a queue names the system that it is for', () => {
    expect([taskQueues.identitySource('PHONE_THREE_ELEMENTS'), taskQueues.channel('wallet')]).toEqual([
      'identity-phone-three-elements',
      'channel-wallet',
    ]);
  });
});

describe('a fault', () => {
  it('may be gone on the next try only where its code says so', () => {
    const passing = ['UNAVAILABLE', 'TOO_MANY_IN_FLIGHT', 'DECRYPTION_FAILED', 'CONFIGURATION', 'RESTORE_NOT_CLEARED'];
    expect(passing.map(isPassing)).toEqual(passing.map(() => true));
    expect(['VALIDATION', 'INTERNAL', 'FACTS_INCONSISTENT', '', 'OTHER'].map(isPassing)).toEqual(Array(5).fill(false));
  });

  it('is known by its name wherever its class was loaded, and holds no facts unless it is given some', () => {
    const fault = new LoanloomError('INTERNAL', 'what broke');
    expect([fault.name, fault.message, fault.details]).toEqual(['LoanloomError', 'what broke', {}]);
    expect([['INTERNAL'], { code: 'INTERNAL' }, null].map(isErrorCode)).toEqual([false, false, false]);
  });
});
