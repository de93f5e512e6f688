import automatedDecision from './automated-decision.v1.json';
import bureauQuery from './bureau-query.v1.json';
import bureauReporting from './bureau-reporting.v1.json';
import face from './face.v1.json';
import identityQuery from './identity-query.v1.json';
import marketing from './marketing.v1.json';
import partnerSharing from './partner-sharing.v1.json';
import privacy from './privacy.v1.json';

/** Every version of every text, for ever: a consent names the very text that was agreed to. In the order in which a person is asked. */
export const CONSENT_FILES: readonly unknown[] = [
  privacy,
  identityQuery,
  bureauQuery,
  bureauReporting,
  face,
  automatedDecision,
  partnerSharing,
  marketing,
];
