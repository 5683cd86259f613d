// Generated from frontend-schema/operations by `npm run generate`; do not edit.
import { graphql } from '../tada';

export const LiveIncidentFragment = graphql(`
fragment LiveIncident on Incident {
  id
  version
  category {
    code
  }
  text
  stage {
    key
  }
  colour
  exercise
  overdue
  position {
    lon
    lat
    datum
  }
  cell {
    code
  }
  reportedAt
  dueAt
}
`);

export const IncidentDetailFragment = graphql(`
fragment IncidentDetail on Incident {
  id
  version
  category {
    code
    names {
      language
      text
    }
  }
  text
  stage {
    key
    names {
      language
      text
    }
    open
  }
  colour
  channel
  exercise
  position {
    lon
    lat
    datum
  }
  accuracyM
  cell {
    code
    names {
      language
      text
    }
  }
  method
  distanceToBorderM
  planVersion
  occurredAt
  reportedAt
  dueAt
  closedAt
  overdue
  allowedActions
  history {
    at
    action
    stage {
      key
      names {
        language
        text
      }
    }
    by
    note
  }
}
`);

export const ProblemDetailFragment = graphql(`
fragment ProblemDetail on Problem {
  code
  message
  params {
    name
    value
  }
}
`);

export const CellsDocument = graphql(`
query Cells($district: String!, $first: Int!, $after: String) {
  cells(district: $district, first: $first, after: $after) {
    nodes {
      id
      lineage
      code
      level
      names {
        language
        text
      }
      kind
      setting
      parent {
        code
      }
      bounds {
        west
        south
        east
        north
      }
      areaM2
      households
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`);

export const CellDocument = graphql(`
query Cell($district: String!, $code: String!) {
  cell(district: $district, code: $code) {
    id
    lineage
    code
    level
    names {
      language
      text
    }
    planVersion
    kind
    setting
    ancestors {
      code
      level
      names {
        language
        text
      }
    }
    children {
      code
      level
      names {
        language
        text
      }
      households
    }
    bounds {
      west
      south
      east
      north
    }
    areaM2
    households
    counts {
      open
      due
      overdue
      closed
    }
    postings {
      role
      name
      since
    }
    incidents(filter: {open: false}, first: 50) {
      nodes {
        id
        category {
          code
        }
        stage {
          key
        }
        reportedAt
        closedAt
      }
    }
  }
}
`);

export const LocateDocument = graphql(`
query Locate($district: String!, $position: PositionInput!) {
  locate(district: $district, position: $position) {
    cell {
      code
      level
      names {
        language
        text
      }
    }
    ancestors {
      code
      level
      names {
        language
        text
      }
    }
    method
    distanceToBorderM
    candidates {
      cell {
        code
        names {
          language
          text
        }
      }
      share
    }
    planVersion
    position {
      lon
      lat
      datum
    }
  }
}
`);

export const CellCountsDocument = graphql(`
subscription CellCounts($district: String!, $after: String) {
  cellCounts(district: $district, after: $after) {
    cursor
    kind
    last
    counts {
      cell
      code
      counts {
        open
        due
        overdue
        closed
      }
    }
  }
}
`);

export const ViewerDocument = graphql(`
query Viewer {
  viewer {
    role
    name
    district {
      id
      code
    }
    cell {
      id
      code
      names {
        language
        text
      }
    }
  }
}
`);

export const DistrictsDocument = graphql(`
query Districts {
  districts {
    id
    code
    names {
      language
      text
    }
    exercise
  }
}
`);

export const DistrictDocument = graphql(`
query District($code: String!) {
  district(code: $code) {
    id
    code
    names {
      language
      text
    }
    timeZone
    levels {
      key
      names {
        language
        text
      }
      targetHouseholds
    }
    categories {
      code
      names {
        language
        text
      }
      colour
    }
    stages {
      key
      names {
        language
        text
      }
      open
    }
    planVersion
    bounds {
      west
      south
      east
      north
    }
    exercise
    attribution
    mapVersion
    counts {
      open
      due
      overdue
      closed
    }
  }
}
`);

export const HouseholdsDocument = graphql(`
query Households($district: String!, $cell: ID!, $first: Int!, $after: String) {
  households(
    district: $district
    area: {subtree: $cell}
    first: $first
    after: $after
  ) {
    nodes {
      id
      address
      memberCount
      method
      cell {
        code
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`);

export const RegisterHouseholdDocument = graphql(`
mutation RegisterHousehold($input: RegisterHouseholdInput!) {
  registerHousehold(input: $input) {
    household {
      id
      version
      address
      memberCount
      method
      cell {
        code
      }
    }
    problems {
      code
      message
      path
    }
    replayed
  }
}
`);

export const IncidentDocument = graphql(`
query Incident($id: ID!) {
  node(id: $id) {
    __typename
    ...IncidentDetail
  }
}
`, [IncidentDetailFragment]);

export const IncidentsDocument = graphql(`
query Incidents($district: String!, $filter: IncidentFilter, $orderBy: IncidentOrder, $first: Int!, $after: String) {
  incidents(
    district: $district
    filter: $filter
    orderBy: $orderBy
    first: $first
    after: $after
  ) {
    nodes {
      ...LiveIncident
    }
    pageInfo {
      hasNextPage
      endCursor
    }
    totalCount
  }
}
`, [LiveIncidentFragment]);

export const ClustersDocument = graphql(`
query Clusters($district: String!, $within: BoundsInput!, $zoom: Int!, $filter: IncidentFilter) {
  clusters(
    district: $district
    area: {within: $within}
    zoom: $zoom
    filter: $filter
  ) {
    position {
      lon
      lat
      datum
    }
    bounds {
      west
      south
      east
      north
    }
    count
    openCount
    overdueCount
    incident {
      id
    }
  }
}
`);

export const ReportIncidentDocument = graphql(`
mutation ReportIncident($input: ReportIncidentInput!) {
  reportIncident(input: $input) {
    incident {
      ...LiveIncident
    }
    receipt {
      code
      stage {
        key
        names {
          language
          text
        }
      }
      reportedAt
      dueAt
      cell {
        code
        names {
          language
          text
        }
      }
    }
    problems {
      ...ProblemDetail
    }
    replayed
  }
}
`, [LiveIncidentFragment, ProblemDetailFragment]);

export const ChangeIncidentDocument = graphql(`
mutation ChangeIncident($input: ChangeIncidentInput!) {
  changeIncident(input: $input) {
    incident {
      ...IncidentDetail
    }
    problems {
      ...ProblemDetail
    }
    replayed
  }
}
`, [IncidentDetailFragment, ProblemDetailFragment]);

export const ApplyOperationsDocument = graphql(`
mutation ApplyOperations($operations: [OperationInput!]!) {
  applyOperations(operations: $operations) {
    index
    problems {
      code
      message
      path
    }
    payload {
      __typename
      ... on ReportIncidentPayload {
        replayed
        problems {
          ...ProblemDetail
        }
        receipt {
          code
        }
      }
      ... on ChangeIncidentPayload {
        replayed
        problems {
          ...ProblemDetail
        }
        incident {
          id
          version
        }
      }
      ... on RegisterHouseholdPayload {
        replayed
        problems {
          ...ProblemDetail
        }
        household {
          id
        }
      }
    }
  }
}
`, [ProblemDetailFragment]);

export const IncidentChangesDocument = graphql(`
subscription IncidentChanges($district: String!, $filter: IncidentFilter, $after: String) {
  incidentChanges(district: $district, filter: $filter, after: $after) {
    cursor
    kind
    last
    upserts {
      ...LiveIncident
    }
    left {
      id
      version
      reason
    }
  }
}
`, [LiveIncidentFragment]);

export const SearchDocument = graphql(`
query Search($district: String!, $text: String!, $first: Int!) {
  search(district: $district, text: $text, first: $first) {
    kind
    title
    detail
    position {
      lon
      lat
      datum
    }
    bounds {
      west
      south
      east
      north
    }
    node {
      __typename
      id
      ... on Cell {
        code
      }
      ... on Household {
        cell {
          code
        }
      }
    }
  }
}
`);
