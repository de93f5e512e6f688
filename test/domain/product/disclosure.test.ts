import { contractBlocks, contractText } from '../../../domain/product/contract';
import { businessDate } from '../../../domain/time/dates';
import { disclosureOf } from '../../../domain/product/disclosure';
import { fen } from '../../../domain/money/money';
import { capOn, quote } from '../../../domain/product/offer';
import { parseProduct, type Product } from '../../../domain/product/products';
import consumerInstallment from '../../../domain/product/products/consumer-installment.v1.json';

/** Guarantee: what a borrower reads before signing holds every cost, who collects it, and nothing that is not charged. */
const ON = businessDate('2026-11-23');
const DEAR = {
  ...consumerInstallment,
  partners: [{ id: 'a-platform', name: { 'zh-CN': '某流量平台', en: 'A platform' }, role: 'marketing' }],
  fees: [{ name: 'service', amount: '2.50', on: 'each_installment', collector: 'the platform' }],
  account: {
    penalty: { rateMultiplier: '1.5', on: 'principal', dayCount: 'ACT/365F', graceDays: 3, cap: null },
    payoffFee: { rate: '0.01', legalCap: { rate: '0.02', source: 'a law' } },
  },
};
const request = { principal: fen(1_200_000), termMonths: 12 };
const disclosed = (product: Product) => disclosureOf(product, quote(request, product, ON), ON);

describe('the cost disclosure', () => {
  it('lists interest and fees as normal, penalty and early settlement as contingent, with their bases in both languages', () => {
    const { costs, totalNormalCost, ...table } = disclosed(parseProduct(DEAR));
    expect(costs.map((cost) => [cost.kind, cost.name['zh-CN'], cost.name.en, cost.amount, cost.collector.en])).toEqual([
      ['normal', '利息', 'Interest', 79_423, 'the lender'],
      ['normal', 'service', 'service', 3_000, 'the platform'],
      ['contingent', '逾期罚息', 'Penalty interest when late', null, 'the lender'],
      ['contingent', '提前结清手续费', 'Fee for early settlement', null, 'the lender'],
    ]);
    expect(costs.map((cost) => [cost.basis['zh-CN'], cost.basis.en])).toEqual([
      ['年利率 12 %', '12 % a year'],
      ['每期 2.50 元', '2.50 yuan with each installment'],
      ['对逾期本金按年 18 % 计收，宽限期 3 天，不计复利', '18 % a year on overdue principal after 3 days of grace, not compounded'],
      ['提前结清本金的 1 %', '1 % of the principal settled early'],
    ]);
    expect(costs.map((cost) => cost.collector['zh-CN'])).toEqual(['贷款人', 'the platform', '贷款人', '贷款人']);
    expect(totalNormalCost).toBe(82_423);
    expect(table).toMatchObject({
      principal: 1_200_000,
      termMonths: 12,
      method: { 'zh-CN': '等额本息', en: 'equal installments' },
      contractRate: '0.12',
      cap: { annualRate: '0.24' },
      statement: { 'zh-CN': '除上述息费外，不收取任何其他费用。', en: 'Nothing else is charged.' },
    });
    expect(Number(table.annualisedCost)).toBeGreaterThan(0.12);
    expect(Number(table.effectiveCost)).toBeGreaterThan(Number(table.annualisedCost));
  });

  it('of a product without fees names interest alone', () => {
    const { costs, totalNormalCost, annualisedCost } = disclosed(parseProduct(consumerInstallment));
    expect(costs.map((cost) => cost.name.en)).toEqual(['Interest']);
    expect([totalNormalCost, annualisedCost.slice(0, 9)]).toEqual([79_423, '0.1200010']);
  });

  it('names the cap that is in force on the day', () => {
    const product = parseProduct({
      ...consumerInstallment,
      aprCaps: [
        { from: '2026-01-01', annualRate: '0.24', source: 'old' },
        { from: '2027-01-01', annualRate: '0.20', source: 'new' },
      ],
    });
    const source = (date: string) => capOn(product, businessDate(date)).source;
    expect([source('2026-12-31'), source('2027-01-01'), source('2028-01-01'), source('2025-01-01')]).toEqual(['old', 'new', 'new', 'old']);
  });
});

describe('the contract', () => {
  const text = (raw: object, on = ON) => {
    const product = parseProduct(raw);
    const parts = { contractNumber: 'c-1', borrowerName: '王小明', idNumber: '110101199003070000', drawnUpOn: on, product };
    const quoted = quote(request, product, on);
    return contractText(contractBlocks({ ...parts, disclosure: disclosureOf(product, quoted, on), schedule: quoted.schedule }));
  };

  it('is this text, line by line, since its hash is what is signed', () => {
    expect(text(DEAR).split('\n')).toEqual([
      '个人贷款合同 / Consumer loan contract c-1',
      '产品 / Product: 个人消费分期贷款 / Consumer installment loan (consumer-installment version 1)',
      '贷款人 / Lender: Loanloom 示例消费金融有限公司 / Loanloom Example Consumer Finance Ltd',
      '合作机构 / Partner: 某流量平台 / A platform (marketing)',
      '投诉渠道 / Complaints: 客服 400-000-0000；金融消费者投诉热线 12378 / customer service 400-000-0000; financial consumers’ complaint line 12378',
      '借款人 / Borrower: 王小明, 110101199003070000',
      '签订日期 / Drawn up on: 2026-11-23',
      '本金 / Principal: 12000.00 CNY; 期限 / Term: 12 个月 / months; 等额本息 / equal installments',
      expect.stringMatching(
        /^合同利率 \/ Contract rate: 0\.12 a year; 年化综合成本（单利 IRR）\/ True yearly cost \(IRR, nominal\): 0\.12\d+$/,
      ),
      '成本明示 / Cost disclosure:',
      '  正常履约 normal: 利息 / Interest; 年利率 12 % / 12 % a year; 794.23 CNY; → 贷款人 / the lender',
      '  正常履约 normal: service / service; 每期 2.50 元 / 2.50 yuan with each installment; 30.00 CNY; → the platform / the platform',
      '  违约或提前 contingent: 逾期罚息 / Penalty interest when late; 对逾期本金按年 18 % 计收，宽限期 3 天，不计复利 / 18 % a year on overdue principal after 3 days of grace, not compounded; → 贷款人 / the lender',
      '  违约或提前 contingent: 提前结清手续费 / Fee for early settlement; 提前结清本金的 1 % / 1 % of the principal settled early; → 贷款人 / the lender',
      '除上述息费外，不收取任何其他费用。 / Nothing else is charged.',
      '还款计划以放款成功日为准，以下为示例 / The schedule is made from the day on which the payout is confirmed; this one illustrates it:',
      ' #   到期日 due     本金 principal  利息 interest  费用 fee  应还 payment',
      '  1  2026-12-23  946.19  120.00  2.50  1068.69',
      ...Array.from(
        { length: 10 },
        () => expect.stringMatching(/^ +\d+ {2}2027-\d\d-23 {2}[\d.]+ {2}[\d.]+ {2}2\.50 {2}1068\.69$/) as string,
      ),
      expect.stringMatching(/^ 12 {2}2027-11-23 {2}[\d.]+ {2}[\d.]+ {2}2\.50 {2}[\d.]+$/),
      '合计 / Total: 12824.23，其中利息 / of which interest 794.23',
      '提前还款按实际天数计息 / Early repayment: interest for the days used only (Civil Code art. 677).',
      '',
    ]);
  });

  it('marks dates whose year’s working days are not published, and says what that means', () => {
    const raw = { ...consumerInstallment, dueDates: { holidayRule: 'next_working_day', calendar: 'cn-mainland' } };
    const provisional = text(raw, businessDate('2028-01-10'));
    expect(provisional.match(/^ +\d+ {2}\d{4}-\d\d-\d\d\* /gm)).toHaveLength(12);
    expect(provisional).toContain('* 该年节假日安排尚未公布');
    expect(text(consumerInstallment, businessDate('2028-01-10'))).not.toContain('*');
  });
});
