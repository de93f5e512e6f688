import type { Instant } from '../../domain/time/dates';

/** What is to be sealed: a prepared PDF that its signer has confirmed by hash. In clear for as long as it takes. */
export interface SealRequest {
  readonly documentId: string;
  /** With an empty signature field for each of SIGNATURE_FIELDS. */
  readonly document: Buffer;
  readonly signer: { readonly name: string; readonly idNumber: string };
  /** Business time: only a sandbox reads it. */
  readonly asOf: Instant;
}

/** The fields of a prepared document, in the order in which they are signed: the lender's is last and covers everything. */
export const SIGNATURE_FIELDS = ['Borrower', 'Lender'] as const;
export type SignatureField = (typeof SIGNATURE_FIELDS)[number];

/** One signature of a sealed document, as it was found. Names no person. */
export interface FoundSignature {
  readonly field: string;
  readonly certificateSerial: string;
  /** By the time-stamping authority. */
  readonly stampedAt: string;
  readonly coversWholeFile: boolean;
}

/** What a check of a sealed document came to; `faults` is empty where it is valid. */
export interface Verification {
  readonly signatures: readonly FoundSignature[];
  readonly checked: readonly string[];
  readonly faults: readonly string[];
}

/** A provider's answer (design §10). UNAVAILABLE: somebody was away, or answered what does not hold; REFUSED: it does not certify this signer. */
export type SealReply =
  | { readonly kind: 'SEALED'; readonly document: Buffer; readonly verification: Verification }
  | { readonly kind: 'UNAVAILABLE' | 'REFUSED'; readonly detail: string };

/**
 * Port to whoever seals a document for two parties. Repeating a request is harmless: it makes another sealed document of
 * the same content, and the caller keeps the first.
 */
export interface SignatureProvider {
  readonly name: string;
  /** Null where it could seal now, else what is missing, as a code. */
  missing(asOf: Instant, signal: AbortSignal): Promise<string | null>;
  seal(request: SealRequest, signal: AbortSignal): Promise<SealReply>;
  /** Whether a document is sealed and unchanged, from the document and the trusted roots alone. */
  verify(document: Buffer): Promise<Verification>;
}
