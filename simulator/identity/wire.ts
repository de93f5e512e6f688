import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { equals } from '../protocol';
import type { Finding, RegisteredPerson } from './register';

/** What a request to a source asks for, once its signature was found right. */
export interface Asked {
  readonly action: string;
  readonly person: RegisteredPerson;
}

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text, 'utf8').digest();

const textOf = (headers: IncomingHttpHeaders, name: string) => {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
};

/** Tencent Cloud: TC3-HMAC-SHA256 over content type, host and action. Undefined where the signature is wrong. */
export function readTencent(headers: IncomingHttpHeaders, body: string, secret: string): Asked | undefined {
  const [, date, service, signature] =
    /^TC3-HMAC-SHA256 Credential=[^/]+\/(\d{4}-\d\d-\d\d)\/(\w+)\/tc3_request, SignedHeaders=content-type;host;x-tc-action, Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  if (date === undefined || service === undefined) return undefined;
  const action = textOf(headers, 'x-tc-action');
  const lines = `content-type:${textOf(headers, 'content-type')}\nhost:${textOf(headers, 'host')}\nx-tc-action:${action.toLowerCase()}\n`;
  const canonical = `POST\n/\n\n${lines}\ncontent-type;host;x-tc-action\n${sha256(body)}`;
  const key = hmac(hmac(hmac(`TC3${secret}`, date), service), 'tc3_request');
  const toSign = `TC3-HMAC-SHA256\n${textOf(headers, 'x-tc-timestamp')}\n${date}/${service}/tc3_request\n${sha256(canonical)}`;
  if (!equals(hmac(key, toSign).toString('hex'), signature ?? '')) return undefined;
  const fields = JSON.parse(body) as Record<string, string>;
  return {
    action,
    person: { name: fields.Name ?? '', idNumber: fields.IdCard ?? '', phone: fields.Phone ?? '', cardNumber: fields.BankCard ?? '' },
  };
}

/** Alibaba Cloud: ACS3-HMAC-SHA256 over the headers that it names. Undefined where the signature is wrong. */
export function readAlibaba(headers: IncomingHttpHeaders, body: string, secret: string): Asked | undefined {
  const [, names = '', signature] =
    /^ACS3-HMAC-SHA256 Credential=[^,]+,SignedHeaders=([a-z0-9;-]+),Signature=([0-9a-f]{64})$/.exec(headers.authorization ?? '') ?? [];
  if (!names.split(';').includes('x-acs-content-sha256') || textOf(headers, 'x-acs-content-sha256') !== sha256(body)) return undefined;
  const lines = names
    .split(';')
    .map((name) => `${name}:${textOf(headers, name)}\n`)
    .join('');
  const canonical = `POST\n/\n\n${lines}\n${names}\n${sha256(body)}`;
  if (!equals(hmac(secret, `ACS3-HMAC-SHA256\n${sha256(canonical)}`).toString('hex'), signature ?? '')) return undefined;
  const fields = new URLSearchParams(body);
  const field = (name: string) => fields.get(name) ?? '';
  return {
    action: textOf(headers, 'x-acs-action'),
    person: { name: field('UserName'), idNumber: field('IdentifyNum'), phone: field('Mobile'), cardNumber: field('BankCard') },
  };
}

/** Result codes of each action for what the register finds. */
const TENCENT = {
  IdCardVerification: { same: '0', different: '-1', unknown: '-5' },
  PhoneVerification: { same: '0', different: '-4', unknown: '-9' },
  BankCard4EVerification: { same: '0', different: '-1', unknown: '-8' },
} as const;

export const tencentAnswer = (action: string, finding: Finding, requestId: string): string => {
  const codes = action in TENCENT ? TENCENT[action as keyof typeof TENCENT] : undefined;
  if (codes === undefined)
    return JSON.stringify({ Response: { Error: { Code: 'InvalidAction', Message: 'no such action' }, RequestId: requestId } });
  return JSON.stringify({ Response: { Result: codes[finding], Description: finding, RequestId: requestId } });
};

export const tencentFailure = (requestId: string): string =>
  JSON.stringify({ Response: { Error: { Code: 'FailedOperation.ServiceUnavailable', Message: 'busy' }, RequestId: requestId } });

const ALIBABA = { same: ['1', '101'], different: ['2', '201'], unknown: ['3', '301'] } as const;

export const alibabaAnswer = (finding: Finding, requestId: string): string => {
  const [BizCode, SubCode] = ALIBABA[finding];
  return JSON.stringify({ Code: '200', Message: 'success', RequestId: requestId, ResultObject: { BizCode, SubCode } });
};

export const alibabaFailure = (requestId: string): string =>
  JSON.stringify({ Code: '402', Message: 'the source is down', RequestId: requestId });
