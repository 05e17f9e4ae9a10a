/** Where the pointer stands in time, shared by the charts of one page. */
export class Hover {
  at: number | null = $state(null);
}
