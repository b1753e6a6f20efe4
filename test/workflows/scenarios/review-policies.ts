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
          answers({ cursor: 'orders', hasMore: true, replaced: [] }),
          answers({ cursor: null, hasMore: false, replaced: ['payments'] }),
        ],
        ReviewRetirements: [answers({ judged: 1, ready: 1 })],
      },
      path: [
        'BeginReview',
        'ReviewPolicies',
        'HasReplacedVersions',
        'HasMoreKeys',
        'ReviewPolicies',
        'HasReplacedVersions',
        'ReviewRetirements',
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
    {
      name: 'fails visibly when versions cannot be judged',
      input: {},
      stubs: {
        ReviewPolicies: [answers({ cursor: null, hasMore: false, replaced: ['payments'] })],
        ReviewRetirements: [fails('AccessDenied')],
      },
      path: [
        'BeginReview',
        'ReviewPolicies',
        'HasReplacedVersions',
        'ReviewRetirements',
        'ReviewFailed',
      ],
      status: 'FAILED',
      error: 'ReviewFailed',
    },
  ],
};
