import { Age } from '../parts/time.tsx'
import { Diff } from './diff.tsx'
import type { RuleItem } from './rule-item.ts'
import { byWords } from './rule-item.ts'

/** Somebody else has saved meanwhile: what they did, and what to do about it. What one wrote is kept until one decides. */
export function Conflict({ theirs, revision, onTake, onOver }: { theirs: RuleItem; revision: number | undefined; onTake: () => void; onOver: (revision: number) => void }) {
  return (
    <div class="conflict" role="alert">
      <p><strong>Not saved: {revision === undefined ? 'there is a rule of that name already' : 'the rule was changed meanwhile'}.</strong> Revision {theirs.revision} runs{byWords(theirs.changedBy)}{theirs.changedAt !== null && <>, <Age since={Date.parse(theirs.changedAt)} suffix=" ago" /></>}{revision !== undefined && `; yours began from revision ${revision}`}. What you wrote is still here.</p>
      {revision !== undefined && <Diff id={theirs.id} from={revision} to={theirs.revision} />}
      <div class="more-actions">
        <button type="button" onClick={onTake}>Take theirs, drop mine</button>
        <button type="button" onClick={() => onOver(theirs.revision)}>Save mine over it</button>
      </div>
    </div>
  )
}
