import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, body } from '../api/client'
import { strings } from '../strings'

const agentsQuery = {
  queryKey: ['agents'],
  queryFn: async () => (await body(api.GET('/agents'))).items,
  staleTime: Number.POSITIVE_INFINITY,
}

/** Who is asked: what was chosen, else who answered last, else the default agent. */
export function useAgent(answeredLast: string | null | undefined) {
  const { data: agents = [] } = useQuery(agentsQuery)
  const [chosen, setChosen] = useState<string>()
  const known = (name: string | null | undefined) => agents.some((agent) => agent.name === name)
  const agent = chosen ?? (known(answeredLast) ? answeredLast : undefined)
  return { agents, agent: agent ?? undefined, choose: setChosen }
}

interface AgentPickerProps {
  agents: ReturnType<typeof useAgent>['agents']
  agent: string | undefined
  onChoose: (agent: string) => void
}

/** Only where there is a choice. */
export function AgentPicker({ agents, agent, onChoose }: AgentPickerProps) {
  if (agents.length < 2) return
  return (
    <select
      aria-label={strings.chat.composer.agent}
      value={agent ?? agents.find((one) => one.default)?.name}
      onChange={(event) => onChoose(event.target.value)}
      className="h-9 max-w-40 rounded-control border border-transparent bg-transparent px-1.5 text-sm text-muted hover:border-line hover:text-ink"
    >
      {agents.map(({ name }) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  )
}
