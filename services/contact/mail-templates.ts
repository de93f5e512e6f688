import { LoanloomError } from '../../domain/errors';
import { fen, yuan } from '../../domain/money/money';

type Params = Readonly<Record<string, string | number>>;
type Template = (params: Params) => { subject: string; text: string };

const value = (params: Params, name: string) => String(params[name] ?? '');

/** Everything that we write to borrowers, Chinese first. Parameters are ids, amounts and dates. */
const TEMPLATES: Readonly<Record<string, Template>> = {
  'signing-code': (p) => ({
    subject: '签约验证码 / Your signing code',
    text: `签约验证码：${value(p, 'secret')}（合同 ${value(p, 'loanId')}，10 分钟内有效）。\nYour code to sign contract ${value(p, 'loanId')} is ${value(p, 'secret')}. It is valid for 10 minutes. Never tell it to anyone.`,
  }),
  'card-code': (p) => ({
    subject: '换卡验证码 / Your code for another card',
    text: `换卡验证码：${value(p, 'secret')}（贷款 ${value(p, 'loanId')}，10 分钟内有效）。如非本人操作请联系我们。\nYour code to use another card for loan ${value(p, 'loanId')} is ${value(p, 'secret')}. It is valid for 10 minutes. If you did not ask for it, tell us.`,
  }),
  'identity-code': (p) => ({
    subject: '信息变更验证码 / Your code for a change of your data',
    text: `信息变更验证码：${value(p, 'secret')}（10 分钟内有效）。如非本人操作请联系我们，切勿告知他人。\nYour code to change your name, phone or e-mail with us is ${value(p, 'secret')}. It is valid for 10 minutes. If you did not ask for it, tell us, and never tell it to anyone.`,
  }),
  'identity-changed': () => ({
    subject: '个人信息已变更 / Your data with us has changed',
    text: '您在本公司的个人信息已变更。如非您本人意愿，请立即联系我们。\nYour name, phone or e-mail with us has changed. If you did not want this, tell us at once.',
  }),
  'card-changed': (p) => ({
    subject: '扣款银行卡已变更 / Another card is used for your loan',
    text: `贷款 ${value(p, 'loanId')} 的收付款银行卡已于 ${value(p, 'changedOn')} 变更。如非您本人意愿，请立即联系我们。\nLoan ${value(p, 'loanId')} uses another bank card since ${value(p, 'changedOn')}. If you did not want this, tell us at once.`,
  }),
  'application-waits': (p) => ({
    subject: '您的申请等待您处理 / Your application waits for you',
    text: `申请 ${value(p, 'applicationId')} 等待您处理（${value(p, 'status')}），请于 ${value(p, 'until')} 前完成，逾期自动失效。\nApplication ${value(p, 'applicationId')} waits for you (${value(p, 'status')}) until ${value(p, 'until')}; then it ends by itself. Nothing is owed.`,
  }),
  'contract-copy': (p) => ({
    subject: '您的合同副本 / Your copy of the contract',
    text: `合同 ${value(p, 'applicationId')} 已由双方签署，副本见附件；您也可随时下载。\nContract ${value(p, 'applicationId')} is signed by both parties; your copy is attached, and can be downloaded at any time.`,
  }),
  'referred-back': (p) => ({
    subject: '请补充申请资料 / Your application needs something from you',
    text: `申请 ${value(p, 'applicationId')} 需补充：${value(p, 'missing')}，请于 ${value(p, 'until')} 前提交。\nApplication ${value(p, 'applicationId')}: please complete ${value(p, 'missing')} and submit it again by ${value(p, 'until')}. Nothing is lost of what you entered.`,
  }),
  'payout-confirmed': (p) => ({
    subject: '放款成功 / Your loan was paid out',
    text: `贷款 ${value(p, 'loanId')} 已放款 ${value(p, 'amount')} 元，起息日 ${value(p, 'valueDate')}，首期 ${value(p, 'firstDueOn')} 应还 ${value(p, 'firstAmount')} 元，还款计划以此为准。\nLoan ${value(p, 'loanId')}: ${value(p, 'amount')} yuan paid out, value date ${value(p, 'valueDate')}. First installment ${value(p, 'firstAmount')} yuan on ${value(p, 'firstDueOn')}. The schedule is binding from today.`,
  }),
  reminder: (p) => ({
    subject: '还款提醒 / Payment reminder',
    text: `贷款 ${value(p, 'loanId')} 将于 ${value(p, 'dueOn')} 扣款 ${value(p, 'amount')} 元，请保持余额充足。\nLoan ${value(p, 'loanId')}: ${value(p, 'amount')} yuan will be collected on ${value(p, 'dueOn')}.`,
  }),
  overdue: (p) => ({
    subject: '逾期提醒 / Your payment is late',
    text: `贷款 ${value(p, 'loanId')} 已逾期 ${value(p, 'daysPastDue')} 天，应还 ${value(p, 'amount')} 元。如有困难请联系我们协商。\nLoan ${value(p, 'loanId')} is ${value(p, 'daysPastDue')} days past due with ${value(p, 'amount')} yuan owed. If you cannot pay, talk to us: you can promise a date in the app.`,
  }),
  'payment-received': (p) => ({
    subject: '还款成功 / We received your payment',
    text: `贷款 ${value(p, 'loanId')} 已收到还款 ${value(p, 'amount')} 元（${value(p, 'valueDate')}）。\nLoan ${value(p, 'loanId')}: ${value(p, 'amount')} yuan received on ${value(p, 'valueDate')}.`,
  }),
  'schedule-changed': (p) => ({
    subject: '还款计划变更 / Your schedule has changed',
    text: `贷款 ${value(p, 'loanId')} 的还款计划已变更为第 ${value(p, 'version')} 版，共 ${value(p, 'rows')} 期，下一还款日 ${value(p, 'nextDueOn')}。\nLoan ${value(p, 'loanId')} has a new schedule, version ${value(p, 'version')}, with ${value(p, 'rows')} installments; the next is due on ${value(p, 'nextDueOn')}. The app shows every row.`,
  }),
  withdrawn: (p) => ({
    subject: '已收到您的撤回 / We have your withdrawal',
    text: `贷款 ${value(p, 'loanId')} 已撤回，今日应归还 ${value(p, 'amount')} 元（本金及实际天数利息，不收任何费用），将从您的银行卡扣款；请于 ${value(p, 'until')} 前归还，逾期按合同继续履行。\nLoan ${value(p, 'loanId')}: you have withdrawn. ${value(p, 'amount')} yuan are to be paid back today, principal and the interest of the days, without any fee; they are collected from your card. What is not paid back by ${value(p, 'until')} goes on as the contract says.`,
  }),
  'payout-returned': (p) => ({
    subject: '放款退回 / Your payout came back',
    text: `贷款 ${value(p, 'loanId')} 的放款 ${value(p, 'amount')} 元于 ${value(p, 'valueDate')} 被退回，期间不计利息，我们会联系您。\nLoan ${value(p, 'loanId')}: the payout of ${value(p, 'amount')} yuan came back on ${value(p, 'valueDate')}. You owe nothing for it; we will contact you about another account.`,
  }),
  'repayment-returned': (p) => ({
    subject: '还款被退回 / Your payment was returned',
    text: `贷款 ${value(p, 'loanId')} 的还款 ${value(p, 'amount')} 元于 ${value(p, 'valueDate')} 被银行退回，仍需归还。\nLoan ${value(p, 'loanId')}: your bank took back the payment of ${value(p, 'amount')} yuan on ${value(p, 'valueDate')}. It is owed again.`,
  }),
  refunded: (p) => ({
    subject: '多付款项已退还 / We returned what you overpaid',
    text: `贷款 ${value(p, 'loanId')} 多付的 ${value(p, 'amount')} 元已于 ${value(p, 'valueDate')} 退还。\nLoan ${value(p, 'loanId')}: the ${value(p, 'amount')} yuan that you paid too much were returned on ${value(p, 'valueDate')}.`,
  }),
  settled: (p) => ({
    subject: '贷款结清 / Your loan is settled',
    text: `贷款 ${value(p, 'loanId')} 已于 ${value(p, 'closedOn')} 结清。\nLoan ${value(p, 'loanId')} was settled on ${value(p, 'closedOn')}. Nothing is owed.`,
  }),
};

/** An alarm for the people on duty: ids, codes and dates only. */
export function renderAlarm(breakId: string, params: Params): { subject: string; text: string } {
  if (params.code === 'LOW_BALANCE')
    return {
      subject: `LOW BALANCE at ${value(params, 'channel')}, ${value(params, 'date')}`,
      text: `We have ${yuan(fen(Number(params.spendable)))} at ${value(params, 'channel')}, and should have ${yuan(fen(Number(params.floor)))}; ${value(params, 'owner')} tops it up. Payouts that it cannot carry go over other channels or wait.\n"npx loan recon channels" shows all channels.`,
    };
  if (params.code === 'ATTENTION')
    return {
      subject: `ATTENTION loan ${breakId}`,
      text: `Loan ${breakId} waits for a person: ${value(params, 'reason')}.\n"npx loan ops list" shows all that wait.`,
    };
  if (params.code === 'UNDELIVERABLE')
    return {
      subject: `UNDELIVERABLE ${value(params, 'topic')}`,
      text: `A ${value(params, 'topic')} could not be delivered and is given up: ${value(params, 'key')}.\nThe receiver's address does not take it: ask for another one.`,
    };
  if (params.code === 'TROUBLE')
    return {
      subject: `TROUBLE ${value(params, 'fault')} in ${value(params, 'workflow')}`,
      text: `Workflow ${value(params, 'workflow')} cannot go on: ${value(params, 'fault')}. It tries again by itself and goes on when the cause is mended.\nThe Web UI shows what it waits for; "npx loan doctor" what else is wrong.`,
    };
  return {
    subject: `${params.overdue ? 'OVERDUE ' : params.urgent ? 'URGENT ' : ''}${value(params, 'code')} at ${value(params, 'channel')}, ${value(params, 'date')}`,
    text: `Reconciliation break ${breakId}: ${value(params, 'code')} at ${value(params, 'channel')} for ${value(params, 'date')}; ${value(params, 'owner')} works on it.\n"npx loan recon show ${breakId}" tells all about it.`,
  };
}

export function renderMail(params: Params): { subject: string; text: string } {
  const template = TEMPLATES[value(params, 'template')];
  if (!template) throw new LoanloomError('INTERNAL', `there is no mail template ${value(params, 'template')}`);
  return template(params);
}
