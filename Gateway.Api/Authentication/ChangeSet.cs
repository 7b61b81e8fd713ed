using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Authentication;

/// <summary>The subjects of many changes, so that one look at each known key applies all of them.</summary>
internal sealed class ChangeSet
{
    private readonly HashSet<string> _keys = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _accounts = [];
    private readonly HashSet<string> _tariffs = [];
    private readonly bool _everything;

    public ChangeSet(IEnumerable<Change> changes, bool everything)
    {
        _everything = everything;
        foreach (var change in changes)
        {
            switch (change.SubjectCase)
            {
                case Change.SubjectOneofCase.KeyId:
                    _keys.Add(change.KeyId);
                    break;

                case Change.SubjectOneofCase.AccountId:
                    _accounts.Add(change.AccountId);
                    break;

                case Change.SubjectOneofCase.TariffId:
                    _tariffs.Add(change.TariffId);
                    break;

                // Everything, or a subject that a newer Keys.Service knows and this does not.
                default:
                    _everything = true;
                    break;
            }
        }
    }

    public bool Has(Caller caller) =>
        _everything || _keys.Contains(caller.KeyId) || _accounts.Contains(caller.AccountId) || _tariffs.Contains(caller.Tariff.Id);
}
