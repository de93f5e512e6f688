/**
 * The error catalogue: every refusal that Loanloom can give has one code here, one HTTP status in
 * api/errors.ts, one retry rule in activities/errors.ts and one entry in docs/errors.md (a test
 * proves that none is missing).
 *
 * A business outcome (declined application, insufficient funds) is a value, never an error.
 */
export const ERROR_CODES = [
  'VALIDATION',
  'BODY_TOO_LARGE',
  'INVALID_DATE',
  'INVALID_AMOUNT',
  'INVALID_RATE',
  'CALENDAR_YEAR_NOT_COVERED',
  'PRODUCT_INVALID',
  'PRODUCT_NOT_FOUND',
  'TERM_NOT_OFFERED',
  'AMOUNT_NOT_OFFERED',
  'DATES_NOT_INCREASING',
  'GRACE_TOO_LONG',
  'INSTALLMENT_TOO_SMALL',
  'APR_CAP_EXCEEDED',
  'RATE_NO_SIGN_CHANGE',
  'RATE_NOT_FOUND',
  'RATE_NOT_UNIQUE',
  'FACTS_INCONSISTENT',
  'NOTHING_TO_REVERSE',
  'ADJUSTMENT_REFUSED',
  'PAYMENT_OPEN',
  'PROPOSAL_NOT_OPEN',
  'ILLEGAL_TRANSITION',
  'NOT_FOUND',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'IDEMPOTENCY_KEY_MISSING',
  'IDEMPOTENCY_KEY_REUSED',
  'STEP_INCOMPLETE',
  'IDENTITY_LOCKED',
  'IDENTITY_CHANGED',
  'IDENTITY_NOT_CONFIRMED',
  'ID_EXPIRED',
  'CARD_NOT_CONFIRMED',
  'ERASURE_NOT_YET',
  'PERSON_LOCKED',
  'PERSON_ERASED',
  'APPLICATION_OPEN',
  'TEXT_REFUSED',
  'ROUND_OVER',
  'RULES_FORBID',
  'CONSENT_MISSING',
  'CONSENT_TEXT_CHANGED',
  'PARTNER_NOT_LISTED',
  'DISCLOSURE_NOT_READ',
  'DISCLOSURE_NOT_CONFIRMED',
  'SIGNING_UNAVAILABLE',
  'OFFER_EXPIRED',
  'CODE_INVALID',
  'CODE_EXHAUSTED',
  'LOAN_NOT_ACTIVE',
  'LOAN_ON_HOLD',
  'LOAN_NOT_ON_HOLD',
  'NOTHING_OWED',
  'DEBIT_IN_DOUBT',
  'PROMISE_OPEN',
  'PAYOUT_NOT_STUCK',
  'RESTORE_NOT_CLEARED',
  'COMMAND_FORGOTTEN',
  'CHANNEL_UNKNOWN',
  'FILE_REFUSED',
  'FOUR_EYES_REQUIRED',
  'OPERATOR_EXISTS',
  'BREAK_NOT_OPEN',
  'WEBHOOK_REFUSED',
  'OPERATION_UNKNOWN',
  'TOO_MANY_IN_FLIGHT',
  'RATE_LIMITED',
  'UNAVAILABLE',
  'KEYS_UNAVAILABLE',
  'KEY_VERSION_UNKNOWN',
  'DECRYPTION_FAILED',
  'CONFIGURATION',
  'DATA_REFUSED',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Where in the input the fault lies (`terms.firstDueOn`), and facts that are safe to show: never personal data. */
export interface ErrorDetails {
  readonly path?: string;
  readonly [fact: string]: string | number | boolean | undefined;
}

/** The only error class that crosses our module boundaries. `message` is a sentence that says what to do and holds no personal data. */
export class LoanloomError extends Error {
  override readonly name = 'LoanloomError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(message);
  }
}

/** Faults that may be gone on the next try, by themselves; every other code would fail the same way until somebody mends its cause. */
const PASSING: ReadonlySet<string> = new Set([
  'UNAVAILABLE',
  'TOO_MANY_IN_FLIGHT',
  'KEYS_UNAVAILABLE',
  'KEY_VERSION_UNKNOWN',
  'DECRYPTION_FAILED',
  'CONFIGURATION',
  'RESTORE_NOT_CLEARED',
]);

export function isPassing(code: string): boolean {
  return PASSING.has(code);
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && (ERROR_CODES as readonly string[]).includes(value);
}

/** Fails as a defect of ours, not as bad input. */
export function assertThat(condition: unknown, message: string): asserts condition {
  if (!condition) throw new LoanloomError('INTERNAL', message);
}
