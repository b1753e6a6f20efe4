// SPDX-License-Identifier: Apache-2.0
// Scenarios of `review-policies`.
import { answers, fails, type ScenarioTable } from './scenario.ts';

export const REVIEW_POLICIES: ScenarioTable = {
  workflow: 'review-policies',
  scenarios: [
    {
      name: 'goes through all pages of keys',
      input: {},
      stubs: {
        ReviewPolicies: [
          answers({ cursor: 'orders', hasMore: true }),
          answers({ cursor: null, hasMore: false }),
        ],
      },
      path: [
        'BeginReview',
        'ReviewPolicies',
        'HasMoreKeys',
        'ReviewPolicies',
        'HasMoreKeys',
        'Reviewed',
      ],
      status: 'SUCCEEDED',
    },
    {
      name: 'fails visibly when a page cannot be reviewed',
      input: {},
      stubs: { ReviewPolicies: [fails('AccessDenied')] },
      path: ['BeginReview', 'ReviewPolicies', 'ReviewFailed'],
      status: 'FAILED',
      error: 'ReviewFailed',
    },
  ],
};
