/**
 * The legal grounds of a lookup, a closed list: articles of the Dutch Code of Criminal Procedure (Sv), of the
 * Intelligence and Security Services Act (Wiv) and of the Telecommunications Act (Tw).
 */
export const LEGAL_BASES = [
  'Sv 126n',
  'Sv 126na-1',
  'Sv 126na-2',
  'Sv 126u',
  'Sv 126ua',
  'Sv 126zh',
  'Sv 126zi',
  'Sv 126ii',
  'Wiv 56',
  'Tw 11.10',
] as const;

/** What the API's document says of the list. */
export const LEGAL_BASIS_MEANING = 'Statutory ground of a lookup: an article of a Dutch act; a closed list.';

export type LegalBasis = (typeof LEGAL_BASES)[number];
