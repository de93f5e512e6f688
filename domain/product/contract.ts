import type { BusinessDate } from '../time/dates';
import { METHOD_NAMES, type Disclosure } from './disclosure';
import { yuan } from '../money/money';
import { isProvisionalDue } from './offer';
import { totals, type Installment } from '../loan/schedule';
import type { Product } from './products';

/** A consent that the contract rests on, by the very text that was agreed to. */
export interface ContractConsent {
  readonly title: { readonly en: string; readonly 'zh-CN': string };
  readonly version: number;
  readonly textSha256: string;
  readonly grantedOn: BusinessDate;
}

/** The parties and terms that go into a contract. */
export interface ContractParts {
  readonly contractNumber: string;
  readonly borrowerName: string;
  readonly idNumber: string;
  readonly drawnUpOn: BusinessDate;
  readonly product: Product;
  /** The cost table that the borrower confirmed, and the SHA-256 by which they did. */
  readonly disclosure: Disclosure;
  readonly disclosureSha256?: string | null;
  /** The offer's schedule. */
  readonly schedule: readonly Installment[];
  readonly consents?: readonly ContractConsent[];
}

/** A piece of a contract. `line` is how it reads as plain text, `cells` how a row of a table is laid out. */
export interface ContractBlock {
  readonly kind: 'title' | 'heading' | 'line' | 'marked' | 'columns' | 'row';
  readonly line: string;
  readonly cells?: readonly string[];
}

const line = (text: string): ContractBlock => ({ kind: 'line', line: text });
const heading = (text: string): ContractBlock => ({ kind: 'heading', line: text });

function partyBlocks({ product, disclosure, ...parts }: ContractParts): ContractBlock[] {
  return [
    { kind: 'title', line: `个人贷款合同 / Consumer loan contract ${parts.contractNumber}` },
    line(`产品 / Product: ${product.name['zh-CN']} / ${product.name.en} (${product.id} version ${String(product.version)})`),
    line(`贷款人 / Lender: ${disclosure.lender['zh-CN']} / ${disclosure.lender.en}`),
    ...disclosure.partners.map(({ name, role }) => line(`合作机构 / Partner: ${name['zh-CN']} / ${name.en} (${role})`)),
    line(`投诉渠道 / Complaints: ${disclosure.complaints['zh-CN']} / ${disclosure.complaints.en}`),
    line(`借款人 / Borrower: ${parts.borrowerName}, ${parts.idNumber}`),
    line(`签订日期 / Drawn up on: ${parts.drawnUpOn}`),
    line(
      `本金 / Principal: ${yuan(disclosure.principal)} CNY; 期限 / Term: ${String(disclosure.termMonths)} 个月 / months; ${METHOD_NAMES[product.method]['zh-CN']} / ${METHOD_NAMES[product.method].en}`,
    ),
    line(
      `合同利率 / Contract rate: ${disclosure.contractRate} a year; 年化综合成本（单利 IRR）/ True yearly cost (IRR, nominal): ${disclosure.annualisedCost}`,
    ),
  ];
}

/** What a borrower has to see before anything else stands out: costs that come when something goes wrong. */
function costBlocks({ disclosure, disclosureSha256 }: ContractParts): ContractBlock[] {
  return [
    heading('成本明示 / Cost disclosure:'),
    ...disclosure.costs.map((cost): ContractBlock => ({
      kind: cost.kind === 'normal' ? 'line' : 'marked',
      line: `  ${cost.kind === 'normal' ? '正常履约 normal' : '违约或提前 contingent'}: ${cost.name['zh-CN']} / ${cost.name.en}; ${cost.basis['zh-CN']} / ${cost.basis.en}; ${cost.amount === null ? '' : `${yuan(cost.amount)} CNY; `}→ ${cost.collector['zh-CN']} / ${cost.collector.en}`,
    })),
    line(`${disclosure.statement['zh-CN']} / ${disclosure.statement.en}`),
    ...(disclosureSha256 ? [line(`成本明示表 / Cost table SHA-256: ${disclosureSha256}`)] : []),
  ];
}

function scheduleBlocks({ product, schedule }: ContractParts): ContractBlock[] {
  const sums = totals(schedule);
  const isProvisional = (row: Installment) => isProvisionalDue(product, row.dueOn);
  const rows = schedule.map((row): ContractBlock => {
    const mark = isProvisional(row) ? '*' : ' ';
    const amounts = [yuan(row.principal), yuan(row.interest), yuan(row.fee), yuan(row.payment)];
    return {
      kind: 'row',
      cells: [String(row.number), `${row.dueOn}${mark.trim()}`, ...amounts],
      line: `${String(row.number).padStart(3)}  ${row.dueOn}${mark} ${amounts.join('  ')}`,
    };
  });
  return [
    heading(
      `还款计划以放款成功日为准，以下为示例 / The schedule is made from the day on which the payout is confirmed; this one illustrates it:`,
    ),
    {
      kind: 'columns',
      cells: ['#', '到期日 due', '本金 principal', '利息 interest', '费用 fee', '应还 payment'],
      line: ' #   到期日 due     本金 principal  利息 interest  费用 fee  应还 payment',
    },
    ...rows,
    ...(schedule.some(isProvisional)
      ? [
          line(
            '* 该年节假日安排尚未公布，遇休息日可能顺延，不早于上述日期，不加收费用 / * The working days of that year are not published yet: the date may move to a working day, never earlier, at no cost.',
          ),
        ]
      : []),
    line(`合计 / Total: ${yuan(sums.payment)}，其中利息 / of which interest ${yuan(sums.interest)}`),
    line(`提前还款按实际天数计息 / Early repayment: interest for the days used only (Civil Code art. 677).`),
  ];
}

function consentBlocks(consents: readonly ContractConsent[]): ContractBlock[] {
  if (consents.length === 0) return [];
  return [
    heading('授权 / Consents:'),
    ...consents.map(({ title, version, grantedOn, textSha256 }) =>
      line(`  ${title['zh-CN']} / ${title.en}, 第 ${String(version)} 版 / version ${String(version)}, ${grantedOn}, SHA-256 ${textSha256}`),
    ),
  ];
}

/** The contract, piece by piece, in both languages. */
export const contractBlocks = (parts: ContractParts): ContractBlock[] => [
  ...partyBlocks(parts),
  ...costBlocks(parts),
  ...scheduleBlocks(parts),
  ...consentBlocks(parts.consents ?? []),
];

/** The contract as plain text, line by line what its PDF says. */
export const contractText = (blocks: readonly ContractBlock[]): string => [...blocks.map((block) => block.line), ''].join('\n');
