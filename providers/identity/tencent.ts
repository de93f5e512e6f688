import type { IdentityCheckKind } from '../../domain/party/identity-checks';
import type { IdentitySource, SourceQuestion } from './port';
import { ask, hmacBytes, sha256, within, type CodeTable, type SourceLink } from './wire';

/** Codes of Result that say something about the person; the others (service busy, upgraded, too often) say nothing. */
export const TENCENT_CODES = {
  ID_NAME: { '0': 'MATCH', '-1': 'MISMATCH', '-2': 'NOT_FOUND', '-3': 'MISMATCH', '-5': 'NOT_FOUND' },
  PHONE_THREE_ELEMENTS: { '0': 'MATCH', '-4': 'MISMATCH', '-6': 'NOT_FOUND', '-7': 'MISMATCH', '-8': 'MISMATCH', '-9': 'NOT_FOUND' },
  CARD_FOUR_ELEMENTS: {
    '0': 'MATCH',
    '-1': 'MISMATCH',
    '-2': 'MISMATCH',
    '-3': 'MISMATCH',
    '-4': 'NOT_FOUND',
    '-5': 'MISMATCH',
    '-8': 'NOT_FOUND',
    '-9': 'NOT_FOUND',
  },
} as const satisfies Record<IdentityCheckKind, CodeTable>;

/** The action of each check, and the fields that it takes of a person. */
const ACTIONS = {
  ID_NAME: ['IdCardVerification', ({ name, idNumber }: SourceQuestion) => ({ IdCard: idNumber, Name: name })],
  PHONE_THREE_ELEMENTS: [
    'PhoneVerification',
    ({ name, idNumber, phone }: SourceQuestion) => ({ IdCard: idNumber, Name: name, Phone: phone }),
  ],
  CARD_FOUR_ELEMENTS: [
    'BankCard4EVerification',
    ({ name, idNumber, phone, cardNumber }: SourceQuestion) => ({
      Name: name,
      BankCard: cardNumber,
      Phone: phone,
      IdCard: idNumber,
      CertType: 0,
    }),
  ],
} as const;

const SERVICE = 'faceid';

/** Tencent Cloud's signature of a request (TC3-HMAC-SHA256). */
function signed(link: SourceLink, action: string, body: string) {
  const { host } = new URL(link.baseUrl);
  // Signed when it leaves: a source refuses an old time.
  const now = new Date();
  const [seconds, date] = [String(Math.floor(now.getTime() / 1_000)), now.toISOString().slice(0, 10)];
  const type = 'application/json; charset=utf-8';
  const signedHeaders = { 'content-type': type, host, 'x-tc-action': action.toLowerCase() };
  const names = Object.keys(signedHeaders).join(';');
  const lines = Object.entries(signedHeaders)
    .map(([name, value]) => `${name}:${value}\n`)
    .join('');
  const scope = [date, SERVICE, 'tc3_request'].join('/');
  const canonical = ['POST', '/', '', lines, names, sha256(body)].join('\n');
  const key = hmacBytes(hmacBytes(hmacBytes(`TC3${link.secret}`, date), SERVICE), 'tc3_request');
  const signature = hmacBytes(key, ['TC3-HMAC-SHA256', seconds, scope, sha256(canonical)].join('\n')).toString('hex');
  return {
    'content-type': type,
    host,
    'x-tc-action': action,
    'x-tc-version': '2018-03-01',
    'x-tc-timestamp': seconds,
    authorization: `TC3-HMAC-SHA256 Credential=${link.keyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

/**
 * Checks of a person by the public security register, a phone's operator or the card network, in the shape of Tencent
 * Cloud's faceid service (reference: origination-collections §2b). Response.Error is UNAVAILABLE, whatever it says.
 */
export function createTencentSource(
  link: SourceLink,
  options: { readonly check: IdentityCheckKind; readonly codes?: CodeTable; readonly priceFen: number },
): IdentitySource {
  const [action, fieldsOf] = ACTIONS[options.check];
  return {
    name: 'tencent-faceid',
    check: options.check,
    priceFen: options.priceFen,
    ask(question, signal) {
      const body = JSON.stringify(fieldsOf(question));
      return ask(link, question, {
        signal,
        codes: options.codes ?? TENCENT_CODES[options.check],
        headers: signed(link, action, body),
        body,
        codeOf(answer) {
          const response = within(answer, 'Response');
          const failure = within(within(response, 'Error'), 'Code');
          if (typeof failure === 'string') return { failure };
          const code = within(response, 'Result');
          return typeof code === 'string' ? { code } : undefined;
        },
      });
    },
  };
}
