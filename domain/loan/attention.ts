export type AttentionKind =
  /** A payment is open for longer than its product says. */
  | 'PAST_SLA'
  /** A person decides. */
  | 'AWAIT_OPERATOR'
  /** Money moved against a channel's word. */
  | 'AWAIT_CHANNEL'
  /** A step fails again and again. */
  | 'CANNOT_GO_ON'
  /** Temporal knows a payment that the database does not. */
  | 'PAYMENT_FORGOTTEN'
  /** Somebody asked Temporal to end the loan. */
  | 'CANCELLATION_REFUSED';

/** Why a loan waits for a person. What is sticky stays until an operator acts; the rest goes when its cause does. */
export interface Attention {
  readonly kind: AttentionKind;
  /** For operators: ids and codes, never personal data. */
  readonly text: string;
  readonly sticky: boolean;
}

export const PAST_SLA: Attention = { kind: 'PAST_SLA', text: 'a payment is past its SLA without an outcome', sticky: false };
