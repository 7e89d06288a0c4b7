import type { LegalBasis } from '../partners/legal-basis.js';
import type { Layer } from './routing-index.js';

/** One question as it waits for its entry. */
export interface Question {
  /** The number as an integer; `null` where what was given is none. */
  number: number | null;
  /** What was given, where it is no number. */
  given: string | null;
  fault: { code: string; detail: string } | null;
  /** Milliseconds; `null`: now. */
  at: number | null;
  /** Hash of the secret that asked; what it may do is looked up at the serial of the answer. */
  secretHash: string;
  legalBasis: LegalBasis;
  caseReference: string;
  requester: string;
  purpose: string | null;
  requestId: string | null;
}

/** The row that decides over a number at an instant. */
export interface Match {
  layer: Layer;
  first: number;
  last: number;
  from: number;
  to: number;
  /** Row id of the partner; `null` for a block, and for a number that left us. */
  partnerId: number | null;
  network: string | null;
}

export interface HolderView {
  code: string;
  /** What an answer says of it, as JSON. */
  text: string;
}
