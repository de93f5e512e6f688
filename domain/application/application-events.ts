import { eventKind, field, type EventKinds, type EventOf } from '../events';

/** The reasons of a status may name operators and what they suspect. */
const moved = eventKind({ why: field.text.optional() });

/** What happened to an application: one kind per status, and saved steps. */
export const APPLICATION_EVENTS = {
  STEP_SAVED: eventKind({ step: field.text, version: field.count }, ['step', 'version']),
  /** Back to its borrower: by their own wish, or by an operator, who names the steps that are missing. */
  REOPENED: eventKind({ by: field.text, missing: field.text, why: field.text.optional() }, ['by', 'missing']),
  /** Half of its time in a status was over, and its borrower was told. */
  REMINDED: eventKind({ status: field.text }, ['status']),
  /** An identity source has been silent for too long; people were told. */
  IDENTITY_DELAYED: eventKind({ checks: field.text }),
  /** The contract that the borrower signed is sealed by both parties' certificates. */
  SEALED: eventKind({ documentSha256: field.text }, ['documentSha256']),
  /** The seal is missing for too long, or refused; people were told. */
  SEALING_DELAYED: eventKind({ why: field.text }),
  SUBMITTED: moved,
  KYC_PENDING: moved,
  DECISION_PENDING: moved,
  OFFERED: moved,
  FOUR_EYES: moved,
  REFLECTION_PERIOD: moved,
  AWAITING_SIGNATURE: moved,
  SIGNED: moved,
  READY_TO_DISBURSE: moved,
  DISBURSED: moved,
  DECLINED: moved,
  WITHDRAWN: moved,
  EXPIRED: moved,
  /** Of a newer version. */
  UNKNOWN: eventKind({}),
} as const satisfies EventKinds;

export type ApplicationEvent = EventOf<typeof APPLICATION_EVENTS>;
