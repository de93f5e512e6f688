import type { BusinessDate } from '../time/dates';
import { disclosureOf, METHOD_NAMES } from './disclosure';
import { yuan } from '../money/money';
import { isProvisionalDue, type Quote } from './offer';
import type { Product } from './products';

/** The parties and terms that go into a contract. */
export interface ContractParts {
  readonly contractNumber: string;
  readonly borrowerName: string;
  readonly idNumber: string;
  readonly drawnUpOn: BusinessDate;
  readonly product: Product;
  readonly quote: Quote;
}

/** The contract as plain text. What is hashed and signed is exactly this string in UTF-8. */
export function contractText(parts: ContractParts): string {
  const { product, quote } = parts;
  const disclosure = disclosureOf(product, quote, parts.drawnUpOn);
  const rows = quote.schedule.map(
    (row) =>
      `${String(row.number).padStart(3)}  ${row.dueOn}${isProvisionalDue(product, row.dueOn) ? '*' : ' '} ${yuan(row.principal)}  ${yuan(row.interest)}  ${yuan(row.fee)}  ${yuan(row.payment)}`,
  );
  return [
    `个人贷款合同 / Consumer loan contract ${parts.contractNumber}`,
    `产品 / Product: ${product.name['zh-CN']} / ${product.name.en} (${product.id} version ${String(product.version)})`,
    `借款人 / Borrower: ${parts.borrowerName}, ${parts.idNumber}`,
    `签订日期 / Drawn up on: ${parts.drawnUpOn}`,
    `本金 / Principal: ${yuan(quote.principal)} CNY; 期限 / Term: ${String(quote.termMonths)} 个月 / months; ${METHOD_NAMES[product.method]['zh-CN']} / ${METHOD_NAMES[product.method].en}`,
    `合同利率 / Contract rate: ${quote.annualRate} a year; 年化综合成本（单利 IRR）/ True yearly cost (IRR, nominal): ${quote.apr}`,
    '成本明示 / Cost disclosure:',
    ...disclosure.costs.map(
      (cost) =>
        `  ${cost.kind === 'normal' ? '正常履约 normal' : '违约或提前 contingent'}: ${cost.name['zh-CN']} / ${cost.name.en}; ${cost.basis['zh-CN']} / ${cost.basis.en}; ${cost.amount === null ? '' : `${yuan(cost.amount)} CNY; `}→ ${cost.collector['zh-CN']} / ${cost.collector.en}`,
    ),
    `${disclosure.statement['zh-CN']} / ${disclosure.statement.en}`,
    `还款计划以放款成功日为准，以下为示例 / The schedule is made from the day on which the payout is confirmed; this one illustrates it:`,
    ' #   到期日 due     本金 principal  利息 interest  费用 fee  应还 payment',
    ...rows,
    ...(quote.schedule.some((row) => isProvisionalDue(product, row.dueOn))
      ? [
          '* 该年节假日安排尚未公布，遇休息日可能顺延，不早于上述日期，不加收费用 / * The working days of that year are not published yet: the date may move to a working day, never earlier, at no cost.',
        ]
      : []),
    `合计 / Total: ${yuan(quote.totalPayment)}，其中利息 / of which interest ${yuan(quote.totalInterest)}`,
    `提前还款按实际天数计息 / Early repayment: interest for the days used only (Civil Code art. 677).`,
    '',
  ].join('\n');
}
