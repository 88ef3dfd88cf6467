-- Argo CD's health of a CleverTapPasscode. A warning 30 days ahead leaves it Healthy: workloads still work.
local hs = {status = "Progressing", message = "The operator has not seen this object yet"}
local status = obj.status or {}
if status.observedGeneration ~= obj.metadata.generation then
  return hs
end
local conditions = {}
for _, c in ipairs(status.conditions or {}) do
  conditions[c.type] = c
end
local ready, stalled, reconciling = conditions.Ready, conditions.Stalled, conditions.Reconciling
if obj.spec.suspend and not (ready and ready.status == "True") then
  hs.status = "Suspended"
elseif stalled and stalled.status == "True" then
  hs.status, hs.message = "Degraded", stalled.message
  return hs
elseif ready and ready.status == "False" then
  hs.status = "Degraded"
elseif reconciling and reconciling.status == "True" then
  hs.message = reconciling.message
  return hs
elseif ready and ready.status == "True" then
  hs.status = "Healthy"
end
if ready then
  hs.message = ready.message
end
return hs
