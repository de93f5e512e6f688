import type { Bank, FileLine, PaymentRequest, Standing } from './bank';
import { equals, hmac, netOf, nextDay, spoil, type Protocol, type WireAnswer, type WireRequest } from './protocol';

/**
 * A bank that works by files in ISO 20022's words: a batch goes out as pain.001 or pain.008, results come
 * a minute later as pain.002, cancellations as camt.056 and camt.029, the day's statement as camt.053.
 */
const text = (xml: string, tag: string) => new RegExp(`<${tag}(?: [^>]*)?>([^<]*)</${tag}>`).exec(xml)?.[1] ?? '';
const blocks = (xml: string, tag: string) => xml.match(new RegExp(`<${tag}>[\\s\\S]*?</${tag}>`, 'g')) ?? [];
const yuan = (fen: number) =>
  `${fen < 0 ? '-' : ''}${String(Math.trunc(Math.abs(fen) / 100))}.${String(Math.abs(fen) % 100).padStart(2, '0')}`;

function signed(secret: string, status: number, body: string): WireAnswer {
  const timestamp = new Date().toISOString();
  return {
    status,
    headers: {
      'content-type': 'application/xml',
      'x-timestamp': timestamp,
      'x-signature': hmac(secret, [String(status), timestamp, body].join('\n')),
    },
    body,
    delivery: {},
  };
}

function isSigned(request: WireRequest, secret: string): boolean {
  const timestamp = String(request.headers['x-timestamp'] ?? '');
  const target = `${request.path}${request.query.size === 0 ? '' : `?${request.query.toString()}`}`;
  const expected = hmac(secret, [request.method, target, timestamp, request.body].join('\n'));
  return Math.abs(Date.now() - Date.parse(timestamp)) < 300_000 && equals(expected, String(request.headers['x-signature'] ?? ''));
}

const CODE: Readonly<Record<Standing['is'], string>> = {
  done: 'ACSC',
  taken: 'PDNG',
  refused: 'RJCT',
  closed: 'CNCL',
  'not-found': 'NOTF',
  'no-balance': 'LIMT',
  'rate-limited': 'LIMT',
  unlisted: 'X99',
};

function status(number: string, standing: Standing): string {
  const code = standing.is === 'refused' && standing.reason === 'no-funds' ? 'AM04' : CODE[standing.is];
  const settled =
    'entry' in standing
      ? `<OrgnlTxRef><Amt><InstdAmt Ccy="CNY">${yuan(standing.entry.amountFen)}</InstdAmt></Amt><CdtrAcct>${standing.entry.account}</CdtrAcct><IntrBkSttlmDt>${standing.entry.valueDate}</IntrBkSttlmDt></OrgnlTxRef><AcctSvcrRef>b${number}</AcctSvcrRef>`
      : '';
  return `<TxInfAndSts><OrgnlEndToEndId>${number}</OrgnlEndToEndId><TxSts>${code}</TxSts>${settled}</TxInfAndSts>`;
}

const report = (states: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>${states}</CstmrPmtStsRpt></Document>`;

function statement(date: string, all: FileLine[], fault: string | undefined): string {
  const { lines, countOff, sumOff } = spoil(all, fault);
  const entry = (line: FileLine) =>
    `<Ntry><Amt Ccy="CNY">${yuan(line.amountFen)}</Amt><CdtDbtInd>${line.comesIn ? 'CRDT' : 'DBIT'}</CdtDbtInd><Sts>${line.booked ? 'BOOK' : 'RJCT'}</Sts><ValDt>${line.valueDate}</ValDt><BkTxCd>${line.kind}</BkTxCd><Chrgs>${yuan(line.feeFen)}</Chrgs><EndToEndId>${line.number}</EndToEndId><AcctTail>${line.accountTail}</AcctTail></Ntry>`;
  const day = fault === 'wrong-day' ? nextDay(date) : date;
  const summary = `<TxsSummry><TtlNtries><NbOfNtries>${String(all.length + countOff)}</NbOfNtries><TtlNetNtryAmt>${yuan(netOf(all) + sumOff)}</TtlNetNtryAmt></TtlNtries></TxsSummry>`;
  const whole = `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><FrToDt>${day}</FrToDt>${summary}${lines.map(entry).join('')}</Stmt></BkToCstmrStmt></Document>`;
  return fault === 'truncated' ? whole.slice(0, Math.floor(whole.length * 0.8)) : whole;
}

function batch(bank: Bank, request: WireRequest, secret: string): WireAnswer {
  const isCredit = request.body.includes('pain.001');
  const answers = blocks(request.body, isCredit ? 'CdtTrfTxInf' : 'DrctDbtTxInf').map((block) => {
    const [whole = '0', part = '00'] = text(block, 'InstdAmt').split('.');
    const payment: PaymentRequest = {
      number: text(block, 'EndToEndId'),
      kind: isCredit ? 'PAYOUT' : 'DEBIT',
      amountFen: Number(whole) * 100 + Number(part),
      account: text(block, 'Id'),
      reference: text(block, 'Ustrd'),
    };
    return { payment, answer: bank.send(payment, request.asOf) };
  });
  const body = report(answers.map(({ payment, answer }) => status(payment.number, answer.standing)).join(''));
  // One file travels one way: the first fault is the whole file's.
  const delivery = answers.find(({ answer }) => Object.keys(answer.delivery).length > 0)?.answer.delivery ?? {};
  return { ...signed(secret, 200, body), delivery };
}

export const bankdirectProtocol: Protocol = {
  habits: { name: 'bankdirect', isDoneOnQuery: true, resultAfterMs: 60_000, fileAfterHours: 8, feeFen: () => 120 },
  handle(bank, request, secret) {
    if (!isSigned(request, secret)) return signed(secret, 401, report(''));
    const number = request.query.get('endToEndId') ?? text(request.body, 'OrgnlEndToEndId');
    switch (`${request.method} ${request.path}`) {
      case 'POST /bankdirect/files':
        return batch(bank, request, secret);
      case 'GET /bankdirect/status':
        return signed(secret, 200, report(status(number, bank.query(number, request.asOf))));
      case 'POST /bankdirect/cancellations':
        return signed(secret, 200, report(status(number, bank.close(number, request.asOf))));
      case 'POST /bankdirect/recalls':
        return signed(secret, bank.recall(number, request.asOf) === 'accepted' ? 200 : 404, report(''));
      case 'GET /bankdirect/balance':
        return signed(
          secret,
          200,
          `<BkToCstmrAcctRpt><Bal><Amt Ccy="CNY">${yuan(bank.balanceFen(request.asOf))}</Amt></Bal></BkToCstmrAcctRpt>`,
        );
      case 'GET /bankdirect/statements': {
        const date = request.query.get('date') ?? '';
        const fault = bank.fileFault(date);
        if (!bank.isFileReady(date, request.asOf) || fault === 'late' || fault === 'missing') return signed(secret, 404, report(''));
        if (fault === 'empty') return signed(secret, 200, '');
        const answer = signed(secret, 200, statement(date, bank.linesOf(date), fault === 'edited' ? undefined : fault));
        if (fault === 'edited') return { ...answer, body: statement(date, bank.linesOf(date), 'edited') };
        return fault === 'unsigned' ? { ...answer, delivery: { fault: 'unsigned' } } : answer;
      }
      default:
        return undefined;
    }
  },
};
