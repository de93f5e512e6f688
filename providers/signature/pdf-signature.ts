import { extended, PdfFile, stream } from './pdf-revision';
import type { SignatureField } from './port';

/** What a validator needs later, offline: every certificate, and what was said about their revocation (ETSI EN 319 142-1, 5.4). */
export interface ValidationData {
  readonly certificates: readonly Buffer[];
  readonly ocspResponses: readonly Buffer[];
  readonly revocationLists: readonly Buffer[];
}

/** Room for a signature with its chain and time stamp (24 kB), in hexadecimal digits. */
const CONTENTS_DIGITS = 2 * 24_576;
const RANGE_PLACEHOLDER = '/ByteRange [0 0000000000 0000000000 0000000000]';

/** An authority's chain and stamp are larger than anybody's. */
export class SignatureTooLarge extends Error {}

const pdfDate = (at: Date) => `D:${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;

function signatureDictionary(field: SignatureField, at: Date): Buffer {
  return Buffer.from(
    [
      '<<\n/Type /Sig\n/Filter /Adobe.PPKLite\n/SubFilter /ETSI.CAdES.detached',
      `/Reason (${field === 'Borrower' ? 'Borrower signs the loan contract' : 'Lender signs the loan contract'})`,
      `/M (${pdfDate(at)})`,
      RANGE_PLACEHOLDER,
      `/Contents <${'0'.repeat(CONTENTS_DIGITS)}>\n>>`,
    ].join('\n'),
    'latin1',
  );
}

/** A revision that fills a signature field, its signature still to come: `content` is what it is made over. */
export interface Unsigned {
  readonly content: Buffer;
  /** Where its value stands, and how many hexadecimal digits it has room for. */
  readonly valueAt: number;
  readonly valueDigits: number;
  withSignature(cms: Buffer): Buffer;
}

/** Appends the revision of one signature, with the validation data in the very same revision where they are given. */
export function openSignature(document: Buffer, field: SignatureField, at: Date, validation?: ValidationData): Unsigned {
  const file = new PdfFile(document);
  const objects = new Map<number, Buffer>();
  let next = file.size;
  const add = (body: Buffer): string => {
    objects.set(next, body);
    next += 1;
    return `${String(next - 1)} 0 R`;
  };
  const signature = add(signatureDictionary(field, at));
  const number = file.field(field);
  objects.set(number, extended(file.dictionary(number), `/V ${signature}`));
  if (validation) {
    const list = (all: readonly Buffer[]) => all.map((each) => add(stream(each))).join(' ');
    const store = add(
      Buffer.from(
        `<<\n/Type /DSS\n/Certs [${list(validation.certificates)}]\n/OCSPs [${list(validation.ocspResponses)}]\n/CRLs [${list(validation.revocationLists)}]\n>>`,
      ),
    );
    objects.set(file.root, extended(file.dictionary(file.root), `/DSS ${store}`));
  }
  return reserved(file.withRevision(objects), document.length);
}

function reserved(bytes: Buffer, before: number): Unsigned {
  const range = bytes.indexOf(RANGE_PLACEHOLDER, before, 'latin1');
  const contents = bytes.indexOf('/Contents <', range, 'latin1') + '/Contents '.length;
  const [afterContents, end] = [contents + CONTENTS_DIGITS + 2, bytes.length];
  const written = `/ByteRange [0 ${String(contents)} ${String(afterContents)} ${String(end - afterContents)}`;
  bytes.write(`${written.padEnd(RANGE_PLACEHOLDER.length - 1)}]`, range, 'latin1');
  return {
    content: Buffer.concat([bytes.subarray(0, contents), bytes.subarray(afterContents)]),
    valueAt: contents + 1,
    valueDigits: CONTENTS_DIGITS,
    withSignature(cms) {
      const digits = cms.toString('hex');
      if (digits.length > CONTENTS_DIGITS) throw new SignatureTooLarge('a signature is larger than its place');
      const signed = Buffer.from(bytes);
      signed.write(digits, contents + 1, 'latin1');
      return signed;
    },
  };
}

/** When a revision says that it was made: the first such date after the bytes before it. */
export function revisionDate(document: Buffer, from: number): Date {
  const found = /\/M \(D:(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z\)/.exec(document.toString('latin1', from, from + 4_000));
  const [, year, month, day, hour, minute, second] = (found ?? []).map(Number);
  return new Date(Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second));
}

/** The validation data that a file carries. */
export function validationDataIn(document: Buffer): ValidationData {
  const file = new PdfFile(document);
  const store = file.dictionary(file.reference(file.root, 'DSS'));
  const listed = (key: string) =>
    [...(new RegExp(`/${key} \\[([^\\]]*)\\]`).exec(store)?.[1] ?? '').matchAll(/(\d+) 0 R/g)].map(([, number]) => {
      const body = Buffer.from(file.dictionary(Number(number)), 'latin1');
      const start = body.indexOf('stream\n') + 'stream\n'.length;
      return body.subarray(start, start + Number(/\/Length (\d+)/.exec(body.toString('latin1', 0, start))?.[1] ?? 0));
    });
  return { certificates: listed('Certs'), ocspResponses: listed('OCSPs'), revocationLists: listed('CRLs') };
}
