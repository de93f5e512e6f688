import { printQuote } from '../../ops/cli/quote';

const OPTIONS = { principal: '12000', months: '3', rate: '0.12', method: 'equal_installment', from: '2026-01-31' };

function printed(options: Partial<typeof OPTIONS> & { product?: string }): string {
  const lines: string[] = [];
  printQuote({ ...OPTIONS, ...options }, (line) => lines.push(line));
  return lines.join('\n');
}

describe('loan quote', () => {
  it('prints the table, the true cost, and every method side by side', () => {
    const text = printed({});
    expect(text).toMatch(/1 +2026-02-28 +3960\.27 +120\.00 +0\.00 +4080\.27 +8039\.73/);
    expect(text).toContain('true yearly cost (nominal IRR) 12.0002 %');
    for (const method of ['equal_installment', 'equal_principal', 'interest_first', 'balloon', 'fixed_principal', 'flat'])
      expect(text).toMatch(new RegExp(`^ +${method} +\\d`, 'm'));
  });

  it('prints a product with every cost, who collects it, and that nothing else is charged', () => {
    const text = printed({ product: 'consumer-flat' });
    expect(text).toMatch(/Penalty interest when late: 9 % a year .* to the lender/);
    expect(text).toContain('Nothing else is charged.');
  });

  it.each([
    [{ months: '0' }, 'VALIDATION'],
    [{ principal: '-5' }, 'INVALID_AMOUNT'],
    [{ rate: 'NaN' }, 'INVALID_RATE'],
    [{ method: 'magic' }, 'VALIDATION'],
    [{ from: '2026-02-30' }, 'INVALID_DATE'],
    [{ product: 'none' }, 'PRODUCT_NOT_FOUND'],
  ])('refuses %j by name', (options, code) => {
    expect(() => printed(options)).toThrow(expect.objectContaining({ code }));
  });
});
