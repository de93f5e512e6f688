import { deflateSync } from 'node:zlib';
import type { Bank, FileLine, Standing } from './bank';
import { equals, hmac, netOf, nextDay, spoil, type Protocol, type WireAnswer } from './protocol';

/**
 * A card network in the shape of such gateways: one form of key=value pairs in and out, signed over the
 * sorted pairs, respCode 00 meaning "taken in"; a settlement file on the next day, deflated and in base64.
 */
type Fields = Record<string, string>;

const KIND = { '12': 'PAYOUT', '11': 'DEBIT' } as const;

function parse(body: string): Fields {
  return Object.fromEntries(new URLSearchParams(body));
}

const canonical = (fields: Fields) =>
  Object.keys(fields)
    .filter((name) => name !== 'signature')
    .sort()
    .map((name) => `${name}=${fields[name] ?? ''}`)
    .join('&');

function signed(secret: string, fields: Fields): WireAnswer {
  const body = new URLSearchParams({ ...fields, signature: hmac(secret, canonical(fields)) }).toString();
  return { status: 200, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body, delivery: {} };
}

const SEND_CODE: Readonly<Record<Standing['is'], string>> = {
  done: '00',
  taken: '00',
  refused: '14',
  closed: 'C0',
  'not-found': '34',
  'no-balance': '61',
  'rate-limited': '96',
  unlisted: 'X9',
};

function details(standing: Standing): Fields {
  if (!('entry' in standing)) return {};
  const { entry } = standing;
  return { settleAmt: String(entry.amountFen), accNo: entry.account, settleDate: entry.valueDate, queryId: `c${entry.number}` };
}

const codeOf = (standing: Standing) => (standing.is === 'refused' && standing.reason === 'no-funds' ? '51' : SEND_CODE[standing.is]);

function settlementFile(date: string, all: FileLine[], fault: string | undefined): string {
  const { lines, countOff, sumOff } = spoil(all, fault);
  const row = (line: FileLine) =>
    [
      'D',
      line.number,
      line.kind,
      line.valueDate.replaceAll('-', ''),
      line.amountFen,
      line.feeFen,
      line.booked ? '00' : '14',
      line.accountTail,
      line.comesIn ? 'C' : 'D',
    ].join('|');
  const day = (fault === 'wrong-day' ? nextDay(date) : date).replaceAll('-', '');
  const rows = [`H|LOANLOOM|${day}`, ...lines.map(row)];
  if (fault !== 'truncated') rows.push(`T|${String(all.length + countOff)}|${String(netOf(all) + sumOff)}`);
  return `${rows.join('\n')}\n`;
}

function file(bank: Bank, fields: Fields, asOf: string, secret: string): WireAnswer {
  const date = fields.settleDate ?? '';
  const fault = bank.fileFault(date);
  if (!bank.isFileReady(date, asOf) || fault === 'late' || fault === 'missing')
    return signed(secret, { respCode: '98', respMsg: 'file not ready' });
  const lines = bank.linesOf(date);
  const text = fault === 'empty' ? '' : settlementFile(date, lines, fault === 'edited' ? undefined : fault);
  const answer = signed(secret, { respCode: '00', settleDate: date, fileContent: deflateSync(text).toString('base64') });
  if (fault === 'edited') {
    const edited = new URLSearchParams(answer.body);
    edited.set('fileContent', deflateSync(settlementFile(date, lines, 'edited')).toString('base64'));
    return { ...answer, body: edited.toString() };
  }
  return fault === 'unsigned' ? { ...answer, delivery: { fault: 'unsigned' } } : answer;
}

export const cardnetProtocol: Protocol = {
  habits: { name: 'cardnet', isDoneOnQuery: true, fileAfterHours: 10, feeFen: () => 80 },
  handle(bank, request, secret) {
    const fields = parse(request.body);
    if (!equals(hmac(secret, canonical(fields)), fields.signature ?? ''))
      return signed(secret, { respCode: '11', respMsg: 'bad signature' });
    const orderId = fields.orderId ?? '';
    switch (request.path) {
      case '/cardnet/gateway/api/backTransReq.do': {
        if (fields.txnType === '31') {
          const standing = bank.close(orderId, request.asOf);
          return signed(secret, { orderId, respCode: codeOf(standing), ...details(standing) });
        }
        if (fields.txnType === '33')
          return signed(secret, { orderId, respCode: bank.recall(orderId, request.asOf) === 'accepted' ? '00' : '34' });
        const kind = KIND[fields.txnType as keyof typeof KIND];
        const payment = {
          number: orderId,
          kind,
          amountFen: Number(fields.txnAmt),
          account: fields.accNo ?? '',
          reference: fields.reqReserved ?? '',
        };
        const { standing, delivery } = bank.send(payment, request.asOf);
        return { ...signed(secret, { orderId, respCode: codeOf(standing), ...details(standing) }), delivery };
      }
      case '/cardnet/gateway/api/queryTrans.do': {
        const standing = bank.query(orderId, request.asOf);
        if (standing.is === 'not-found') return signed(secret, { orderId, respCode: '34' });
        const origRespCode = standing.is === 'taken' ? '05' : codeOf(standing);
        return signed(secret, { orderId, respCode: '00', origRespCode, ...details(standing) });
      }
      case '/cardnet/gateway/api/balance.do':
        return signed(secret, { respCode: '00', balance: String(bank.balanceFen(request.asOf)) });
      case '/cardnet/gateway/api/fileTransfer.do':
        return file(bank, fields, request.asOf, secret);
      default:
        return undefined;
    }
  },
};
