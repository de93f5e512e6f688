import { createHash, createHmac } from 'node:crypto';
import { exchange, json, type ChannelLink, type WireResult } from '../../channels/http';
import type { SourceAnswer } from '../../domain/party/identity-checks';
import type { SourceQuestion, SourceReply } from './port';

/** Where a source is, and the key that it gave us. `timeoutMs` is how long an answer may take. */
export interface SourceLink extends ChannelLink {
  readonly keyId: string;
}

/** What a source's own codes say. A code that is not in the table says nothing: UNAVAILABLE. */
export type CodeTable = Readonly<Record<string, Exclude<SourceAnswer, 'UNAVAILABLE'>>>;

export const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
export const hmacBytes = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text, 'utf8').digest();

const unavailable = (detail: string, body = ''): SourceReply => ({ answer: 'UNAVAILABLE', detail, body });

/**
 * One question and what it was answered. `codeOf` finds the source's code in a well-formed answer, or a `failure` of the
 * source's own; whatever is neither (no answer, another status, a text that is none) is UNAVAILABLE.
 */
export async function ask(
  link: SourceLink,
  question: Pick<SourceQuestion, 'requestId' | 'consentId' | 'asOf'>,
  {
    signal,
    codes,
    codeOf,
    ...request
  }: {
    readonly signal: AbortSignal;
    readonly codes: CodeTable;
    readonly codeOf: (body: unknown) => { readonly code: string } | { readonly failure: string } | undefined;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  },
): Promise<SourceReply> {
  const result = await exchange(
    link,
    {
      method: 'POST',
      target: '/',
      headers: { ...request.headers, 'x-request-id': question.requestId, 'x-consent-id': question.consentId },
      body: request.body,
      asOf: question.asOf,
    },
    signal,
  );
  return readReply(result, codes, codeOf);
}

function readReply(
  result: WireResult,
  codes: CodeTable,
  codeOf: (body: unknown) => { readonly code: string } | { readonly failure: string } | undefined,
): SourceReply {
  if (result.kind !== 'answer') return unavailable(result.code);
  if (result.status !== 200) return unavailable(`HTTP_${String(result.status)}`, result.text);
  const found = codeOf(json(result.text));
  if (found === undefined) return unavailable('UNREADABLE', result.text);
  if ('failure' in found) return unavailable(clean(found.failure), result.text);
  const answer = Object.hasOwn(codes, found.code) ? codes[found.code] : undefined;
  return answer === undefined
    ? unavailable(`CODE_${clean(found.code)}`, result.text)
    : { answer, detail: clean(found.code), body: result.text };
}

/** A code as it may be kept in the open: a source that puts a text there puts a person's data there sooner or later. */
const clean = (code: string): string => (/^[\w.-]{1,60}$/.test(code) ? code : 'NOT_A_CODE');

/** A property of something that may be no object. */
export const within = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
