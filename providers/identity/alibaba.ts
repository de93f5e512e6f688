import { randomUUID } from 'node:crypto';
import type { IdentitySource, SourceQuestion } from './port';
import { ask, hmacBytes, sha256, within, type CodeTable, type SourceLink } from './wire';

/** BankMetaVerify's BizCode: 1 consistent, 2 inconsistent, 3 no record. */
export const ALIBABA_CARD_CODES: CodeTable = { '1': 'MATCH', '2': 'MISMATCH', '3': 'NOT_FOUND' };

/** Alibaba Cloud's signature of an RPC request (ACS3-HMAC-SHA256). */
function signed(link: SourceLink, action: string, body: string) {
  const headers: Record<string, string> = {
    'content-type': 'application/x-www-form-urlencoded',
    host: new URL(link.baseUrl).host,
    'x-acs-action': action,
    'x-acs-content-sha256': sha256(body),
    // Signed when it leaves: a source refuses an old time, and a nonce that it knows.
    'x-acs-date': `${new Date().toISOString().slice(0, 19)}Z`,
    'x-acs-signature-nonce': randomUUID(),
    'x-acs-version': '2019-03-07',
  };
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name] ?? ''}\n`).join('');
  const canonical = ['POST', '/', '', lines, names.join(';'), sha256(body)].join('\n');
  const signature = hmacBytes(link.secret, `ACS3-HMAC-SHA256\n${sha256(canonical)}`).toString('hex');
  return {
    ...headers,
    authorization: `ACS3-HMAC-SHA256 Credential=${link.keyId},SignedHeaders=${names.join(';')},Signature=${signature}`,
  };
}

/**
 * A bank card's four elements by the card network, in the shape of Alibaba's BankMetaVerify (reference:
 * origination-collections §2b). Every Code but 200 (source down, repeated, in arrears) is UNAVAILABLE.
 */
export function createAlibabaCardSource(
  link: SourceLink,
  options: { readonly codes?: CodeTable; readonly priceFen: number },
): IdentitySource {
  return {
    name: 'alibaba-bank-meta-verify',
    check: 'CARD_FOUR_ELEMENTS',
    priceFen: options.priceFen,
    ask(question: SourceQuestion, signal) {
      const body = new URLSearchParams({
        ProductType: 'BANK_CARD_4_META',
        VerifyMode: 'VERIFY_BANK_CARD',
        ParamType: 'normal',
        UserName: question.name,
        IdentifyNum: question.idNumber,
        BankCard: question.cardNumber,
        Mobile: question.phone,
      }).toString();
      return ask(link, question, {
        signal,
        codes: options.codes ?? ALIBABA_CARD_CODES,
        headers: signed(link, 'BankMetaVerify', body),
        body,
        codeOf(answer) {
          const code = within(answer, 'Code');
          if (typeof code !== 'string') return undefined;
          if (code !== '200') return { failure: `Code.${code}` };
          const found = within(within(answer, 'ResultObject'), 'BizCode');
          return typeof found === 'string' ? { code: found } : undefined;
        },
      });
    },
  };
}
