import type { BusinessDate } from '../time/dates';
import { METHOD_NAMES, type Disclosure } from './disclosure';
import { yuan } from '../money/money';
import { isProvisionalDue } from './offer';
import { totals, type Installment } from '../loan/schedule';
import type { Product } from './products';

/** The parties and terms that go into a contract. */
export interface ContractParts {
  readonly contractNumber: string;
  readonly borrowerName: string;
  readonly idNumber: string;
  readonly drawnUpOn: BusinessDate;
  readonly product: Product;
  /** The cost table that the borrower confirmed. */
  readonly disclosure: Disclosure;
  /** The offer's schedule. */
  readonly schedule: readonly Installment[];
}

/** The contract as plain text. What is hashed and signed is exactly this string in UTF-8. */
export function contractText(parts: ContractParts): string {
  const { product, disclosure, schedule } = parts;
  const sums = totals(schedule);
  const rows = schedule.map(
    (row) =>
      `${String(row.number).padStart(3)}  ${row.dueOn}${isProvisionalDue(product, row.dueOn) ? '*' : ' '} ${yuan(row.principal)}  ${yuan(row.interest)}  ${yuan(row.fee)}  ${yuan(row.payment)}`,
  );
  return [
    `个人贷款合同 / Consumer loan contract ${parts.contractNumber}`,
    `产品 / Product: ${product.name['zh-CN']} / ${product.name.en} (${product.id} version ${String(product.version)})`,
    `贷款人 / Lender: ${disclosure.lender['zh-CN']} / ${disclosure.lender.en}`,
    ...disclosure.partners.map(({ name, role }) => `合作机构 / Partner: ${name['zh-CN']} / ${name.en} (${role})`),
    `投诉渠道 / Complaints: ${disclosure.complaints['zh-CN']} / ${disclosure.complaints.en}`,
    `借款人 / Borrower: ${parts.borrowerName}, ${parts.idNumber}`,
    `签订日期 / Drawn up on: ${parts.drawnUpOn}`,
    `本金 / Principal: ${yuan(disclosure.principal)} CNY; 期限 / Term: ${String(disclosure.termMonths)} 个月 / months; ${METHOD_NAMES[product.method]['zh-CN']} / ${METHOD_NAMES[product.method].en}`,
    `合同利率 / Contract rate: ${disclosure.contractRate} a year; 年化综合成本（单利 IRR）/ True yearly cost (IRR, nominal): ${disclosure.annualisedCost}`,
    '成本明示 / Cost disclosure:',
    ...disclosure.costs.map(
      (cost) =>
        `  ${cost.kind === 'normal' ? '正常履约 normal' : '违约或提前 contingent'}: ${cost.name['zh-CN']} / ${cost.name.en}; ${cost.basis['zh-CN']} / ${cost.basis.en}; ${cost.amount === null ? '' : `${yuan(cost.amount)} CNY; `}→ ${cost.collector['zh-CN']} / ${cost.collector.en}`,
    ),
    `${disclosure.statement['zh-CN']} / ${disclosure.statement.en}`,
    `还款计划以放款成功日为准，以下为示例 / The schedule is made from the day on which the payout is confirmed; this one illustrates it:`,
    ' #   到期日 due     本金 principal  利息 interest  费用 fee  应还 payment',
    ...rows,
    ...(schedule.some((row) => isProvisionalDue(product, row.dueOn))
      ? [
          '* 该年节假日安排尚未公布，遇休息日可能顺延，不早于上述日期，不加收费用 / * The working days of that year are not published yet: the date may move to a working day, never earlier, at no cost.',
        ]
      : []),
    `合计 / Total: ${yuan(sums.payment)}，其中利息 / of which interest ${yuan(sums.interest)}`,
    `提前还款按实际天数计息 / Early repayment: interest for the days used only (Civil Code art. 677).`,
    '',
  ].join('\n');
}
