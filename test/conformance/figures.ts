/** What one oracle was asked, and how far we agree with it. */
export interface Figures {
  part: string
  versions: string
  what: string
  answers: number
  disagreements: number
  unknowns: number
  notes: string[]
}
