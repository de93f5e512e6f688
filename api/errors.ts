import type { ErrorRequestHandler, RequestHandler } from 'express';
import { z } from 'zod';
import { isConnectionFault } from '../db/pool';
import { LoanloomError, type ErrorCode } from '../domain/errors';
import type { Log } from '../config/log';

/** The HTTP status of every code. A missing entry does not compile. */
export const STATUS_BY_CODE = {
  VALIDATION: 400,
  INVALID_DATE: 400,
  INVALID_AMOUNT: 400,
  INVALID_RATE: 400,
  CALENDAR_YEAR_NOT_COVERED: 422,
  PRODUCT_INVALID: 500,
  PRODUCT_NOT_FOUND: 404,
  TERM_NOT_OFFERED: 422,
  AMOUNT_NOT_OFFERED: 422,
  DATES_NOT_INCREASING: 422,
  GRACE_TOO_LONG: 422,
  INSTALLMENT_TOO_SMALL: 422,
  APR_CAP_EXCEEDED: 422,
  RATE_NO_SIGN_CHANGE: 422,
  RATE_NOT_FOUND: 422,
  RATE_NOT_UNIQUE: 422,
  FACTS_INCONSISTENT: 500,
  NOTHING_TO_REVERSE: 409,
  ADJUSTMENT_REFUSED: 422,
  PAYMENT_OPEN: 409,
  PROPOSAL_NOT_OPEN: 409,
  ILLEGAL_TRANSITION: 409,
  NOT_FOUND: 404,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  IDEMPOTENCY_KEY_MISSING: 400,
  IDEMPOTENCY_KEY_REUSED: 422,
  STEP_INCOMPLETE: 409,
  IDENTITY_LOCKED: 409,
  IDENTITY_CHANGED: 409,
  IDENTITY_NOT_CONFIRMED: 422,
  ID_EXPIRED: 422,
  CARD_NOT_CONFIRMED: 422,
  ERASURE_NOT_YET: 409,
  PERSON_LOCKED: 409,
  PERSON_ERASED: 410,
  APPLICATION_OPEN: 409,
  TEXT_REFUSED: 422,
  BODY_TOO_LARGE: 413,
  ROUND_OVER: 409,
  RULES_FORBID: 409,
  CONSENT_MISSING: 409,
  CONSENT_TEXT_CHANGED: 409,
  PARTNER_NOT_LISTED: 422,
  DISCLOSURE_NOT_READ: 409,
  SIGNING_UNAVAILABLE: 409,
  DISCLOSURE_NOT_CONFIRMED: 409,
  OFFER_EXPIRED: 409,
  CODE_INVALID: 422,
  CODE_EXHAUSTED: 429,
  LOAN_NOT_ACTIVE: 409,
  LOAN_ON_HOLD: 409,
  LOAN_NOT_ON_HOLD: 409,
  NOTHING_OWED: 409,
  DEBIT_IN_DOUBT: 409,
  PROMISE_OPEN: 409,
  PAYOUT_NOT_STUCK: 409,
  RESTORE_NOT_CLEARED: 503,
  COMMAND_FORGOTTEN: 409,
  CHANNEL_UNKNOWN: 422,
  FILE_REFUSED: 422,
  OPERATOR_EXISTS: 409,
  FOUR_EYES_REQUIRED: 409,
  BREAK_NOT_OPEN: 409,
  WEBHOOK_REFUSED: 401,
  OPERATION_UNKNOWN: 404,
  TOO_MANY_IN_FLIGHT: 429,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
  KEYS_UNAVAILABLE: 503,
  KEY_VERSION_UNKNOWN: 500,
  DECRYPTION_FAILED: 500,
  CONFIGURATION: 500,
  DATA_REFUSED: 422,
  INTERNAL: 500,
} as const satisfies Record<ErrorCode, number>;

/** RFC 9457 problem details, with our stable code. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    requestId: z.string(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });

type Problem = z.output<typeof problemSchema>;

function problem(code: ErrorCode, detail: string, requestId: string, errors?: Problem['errors']): Problem {
  return {
    type: `urn:loanloom:error:${code}`,
    title: code.toLowerCase().replaceAll('_', ' '),
    status: STATUS_BY_CODE[code],
    detail,
    code,
    requestId,
    ...(errors === undefined ? {} : { errors }),
  };
}

/** Where one of several forms was expected, the faults of the form that was meant: the one that got furthest. */
function innermost(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): { path: readonly PropertyKey[]; message: string }[] {
  const path = [...above, ...issue.path];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ path, message: issue.message }];
  const forms = issue.errors.map((issues) => issues.flatMap((each) => innermost(each, path)));
  const depth = (form: readonly { path: readonly PropertyKey[] }[]) =>
    Math.max(...form.map((each) => each.path.length)) * 100 - form.length;
  return forms.reduce((best, form) => (depth(form) > depth(best) ? form : best));
}

function toProblem(error: unknown, requestId: string, log: Log): Problem {
  if (error instanceof LoanloomError) {
    const isOurs = STATUS_BY_CODE[error.code] >= 500 && error.code !== 'UNAVAILABLE' && error.code !== 'KEYS_UNAVAILABLE';
    if (isOurs) log.error({ requestId, code: error.code }, error.message);
    return problem(
      error.code,
      isOurs ? 'something went wrong on our side; quote the request id' : error.message,
      requestId,
      error.details.path === undefined ? undefined : [{ pointer: `/${error.details.path.replaceAll('.', '/')}`, detail: error.message }],
    );
  }
  if (error instanceof z.ZodError) {
    const errors = error.issues
      .flatMap((issue) => innermost(issue, []))
      .slice(0, 20)
      .map(({ path, message }) => ({ pointer: `/${path.map(String).join('/')}`, detail: message }));
    return problem('VALIDATION', 'the request does not have the documented form', requestId, errors);
  }
  if (isConnectionFault(error)) return problem('UNAVAILABLE', 'the service is not available for the moment: try again', requestId);
  const status = typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 500;
  if (status === 413) return problem('BODY_TOO_LARGE', 'the request body is larger than 32 kB: send less', requestId);
  if (status >= 400 && status < 500) return problem('VALIDATION', 'the request body could not be read', requestId);
  log.error(
    { requestId, name: error instanceof Error ? error.name : typeof error, stack: error instanceof Error ? error.stack : undefined },
    'unexpected error',
  );
  return problem('INTERNAL', 'something went wrong on our side; quote the request id', requestId);
}

/** The one place where an error becomes an answer; never a stack, never personal data. */
export function errorHandler(log: Log): ErrorRequestHandler {
  // Express recognises an error handler by its four parameters.
  return (error: unknown, _request, response, _next) => {
    const body = toProblem(error, String(response.locals.requestId), log);
    const after = error instanceof LoanloomError ? error.details.retryAfterSeconds : undefined;
    if (body.status === 429 || body.status === 503) response.set('Retry-After', String(after ?? 2));
    response.status(body.status).type('application/problem+json').send(JSON.stringify(body));
  };
}

export const notFoundHandler: RequestHandler = () => {
  throw new LoanloomError('NOT_FOUND', 'there is nothing at this address; GET /docs shows what there is');
};
