import { IntegerField } from './fields.js';

export class IdParam {
  @IntegerField({ description: 'Its id.', example: 4711, inAddress: true })
  id: number;
}
