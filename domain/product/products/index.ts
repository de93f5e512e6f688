import balloonV1 from './consumer-balloon.v1.json';
import equalPrincipalV1 from './consumer-equal-principal.v1.json';
import fixedPrincipalV1 from './consumer-fixed-principal.v1.json';
import flatV1 from './consumer-flat.v1.json';
import flexibleV1 from './consumer-flexible.v1.json';
import flexibleV2 from './consumer-flexible.v2.json';
import consumerInstallmentV1 from './consumer-installment.v1.json';
import withdrawableV1 from './consumer-withdrawable.v1.json';
import interestFirstV1 from './consumer-interest-first.v1.json';

/**
 * Every product version that was ever offered. A version is never edited: a contract pins it for life.
 * The files of the sibling products hold what differs from consumer-installment
 * version 1, those of a later version what differs from the one before.
 */
export const PRODUCT_FILES: readonly unknown[] = [
  consumerInstallmentV1,
  ...[
    flexibleV1,
    { ...flexibleV1, ...flexibleV2 },
    equalPrincipalV1,
    interestFirstV1,
    balloonV1,
    fixedPrincipalV1,
    flatV1,
    withdrawableV1,
  ].map((file) => ({
    ...consumerInstallmentV1,
    ...file,
  })),
];
