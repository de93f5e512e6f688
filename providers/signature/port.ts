import { createHash } from 'node:crypto';
import type { Instant } from '../../domain/time/dates';

/** What is to be sealed: a prepared PDF that its signer has confirmed by hash. In clear for as long as it takes. */
export interface SealRequest {
  readonly documentId: string;
  /** With an empty signature field for each of SIGNATURE_FIELDS. */
  readonly document: Buffer;
  readonly signer: { readonly name: string; readonly idNumber: string };
  /** Who lends, as certificates name them. */
  readonly lender: string;
  /** Business time: only a sandbox reads it. */
  readonly asOf: Instant;
}

/** The fields of a prepared document, in the order in which they are signed: the lender's is last and covers everything. */
export const SIGNATURE_FIELDS = ['Borrower', 'Lender'] as const;
export type SignatureField = (typeof SIGNATURE_FIELDS)[number];

/** What a sealed document has to be: the confirmed one, signed by these. */
export interface ExpectedSeal {
  readonly documentSha256: string;
  readonly signers: Readonly<Record<SignatureField, string>>;
}

/** What a request asks for, as a check of its result expects it. */
export const expectedOf = ({ document, signer, lender }: ExpectedOf): ExpectedSeal => ({
  documentSha256: createHash('sha256').update(document).digest('hex'),
  signers: { Borrower: signer.name, Lender: lender },
});

type ExpectedOf = Pick<SealRequest, 'document' | 'lender'> & { readonly signer: Pick<SealRequest['signer'], 'name'> };

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
  /** Whether a document is what is expected, sealed and unchanged: from the document and the trusted roots alone. */
  verify(document: Buffer, expected: ExpectedSeal): Promise<Verification>;
}
