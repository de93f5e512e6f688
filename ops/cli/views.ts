/** A list filter that operators need daily, as a link that opens, and saves itself, in the Temporal Web UI. */
export interface View {
  readonly name: string;
  readonly query: string;
}

/** Closed runs keep their search attributes, so every view asks for running ones. */
const running = (query: string) => `${query} AND ExecutionStatus = 'Running'`;

export function views(today: string): readonly View[] {
  return [
    { name: 'Needs attention', query: running(`NeedsAttention = true`) },
    { name: 'Late 1-30 days', query: running(`DelinquencyBucket = 'DPD_1_30'`) },
    { name: 'Late 31-60 days', query: running(`DelinquencyBucket = 'DPD_31_60'`) },
    { name: 'Late 61-90 days', query: running(`DelinquencyBucket = 'DPD_61_90'`) },
    { name: 'Late over 90 days', query: running(`DelinquencyBucket = 'DPD_90_PLUS'`) },
    { name: 'Active loans', query: running(`LoanStatus = 'ACTIVE'`) },
    { name: 'Due by today', query: running(`LoanStatus = 'ACTIVE' AND NextDueOn <= '${today}T15:59:59Z'`) },
    { name: 'Paid over wallet', query: running(`Channel = 'wallet'`) },
    { name: 'Paid over cardnet', query: running(`Channel = 'cardnet'`) },
    { name: 'Paid over bankdirect', query: running(`Channel = 'bankdirect'`) },
    { name: 'To review', query: running(`ApplicationStatus = 'FOUR_EYES'`) },
    { name: 'Open breaks', query: running(`WorkflowType = 'resolveBreak'`) },
    { name: 'Open payouts', query: running(`WorkflowType = 'disburseLoan'`) },
  ];
}

export function viewLink(webUiUrl: string, namespace: string, view: View): string {
  const parameters = new URLSearchParams({ query: view.query, savedQuery: view.name });
  return `${webUiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows?${parameters.toString()}`;
}

export function workflowLink(webUiUrl: string, namespace: string, workflowId: string): string {
  return `${webUiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
}
