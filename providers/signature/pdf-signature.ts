import { LoanloomError } from '../../domain/errors';
import { extended, PdfFile, stream } from './pdf-revision';
import type { SignatureField } from './port';

/** What a validator needs later, offline: every certificate, and what was said about their revocation (ETSI EN 319 142-1, 5.4). */
export interface ValidationData {
  readonly certificates: readonly Buffer[];
  readonly ocspResponses: readonly Buffer[];
  readonly revocationLists: readonly Buffer[];
}

/** Room for a signature with its chain and time stamp, in hexadecimal digits. */
const CONTENTS_DIGITS = 24_576;
const RANGE_PLACEHOLDER = '/ByteRange [0 0000000000 0000000000 0000000000]';

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
    withSignature(cms) {
      const digits = cms.toString('hex');
      if (digits.length > CONTENTS_DIGITS) throw new LoanloomError('INTERNAL', 'a signature is larger than its place');
      const signed = Buffer.from(bytes);
      signed.write(digits, contents + 1, 'latin1');
      return signed;
    },
  };
}

/** A signature as it stands in a file. */
export interface SignatureInFile {
  readonly field: string;
  readonly cms: Buffer;
  readonly content: Buffer;
  /** Its range is two pieces around its own value, from the first byte on. */
  readonly isWellFormed: boolean;
  readonly end: number;
}

/** The signature of a field; undefined while it is empty. */
export function signatureIn(document: Buffer, field: SignatureField): SignatureInFile | undefined {
  const file = new PdfFile(document);
  const dictionary = file.dictionary(file.field(field));
  if (!dictionary.includes('/V ')) return undefined;
  const text = file.dictionary(file.reference(file.field(field), 'V'));
  const [from = -1, length = -1, second = -1, rest = -1] = (/\/ByteRange \[([\d ]+)\]/.exec(text)?.[1] ?? '')
    .trim()
    .split(/\s+/)
    .map(Number);
  const digits = /\/Contents <([0-9a-fA-F]*)>/.exec(text)?.[1] ?? '';
  const isAround = document.subarray(length, second).toString('latin1') === `<${digits}>`;
  return {
    field,
    cms: Buffer.from(digits, 'hex'),
    content: Buffer.concat([document.subarray(0, Math.max(0, length)), document.subarray(Math.max(0, second), Math.max(0, second + rest))]),
    isWellFormed: from === 0 && isAround,
    end: second + rest,
  };
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
