namespace LlmGateway.Billing.Ledger;

/// <summary>One kind of check: how many things it looks at, and a query of those that are wrong, as subject and detail.</summary>
internal sealed record LedgerCheck(string Name, string CountSql, string DifferencesSql);

/// <summary>
/// What must be true of the ledger at every instant. Each query reads whole tables, once, by sums over groups; a row that is right never leaves
/// the database. Amounts in the details are USD.
/// </summary>
internal static class LedgerChecks
{
    private const string Balance =
        """
        select coalesce(a.id, e.account_id), case
            when a.id is null then format('has entries of %s USD and no account', trim_scale(e.total * 0.000000001))
            else format('the balance is %s USD, and its entries sum to %s', trim_scale(a.balance * 0.000000001), trim_scale(coalesce(e.total, 0) * 0.000000001)) end
        from billing.accounts a
        full join (
            select e.account_id, sum(e.amount) total from billing.entries e where e.book = 'customer' group by e.account_id) e on e.account_id = a.id
        where a.balance is distinct from coalesce(e.total, 0)
        """;

    private const string Posting =
        """
        select format('txn_%s', coalesce(p.id, e.posting_id)), case
            when p.id is null then format('has entries of %s USD and no posting', trim_scale(e.total * 0.000000001))
            else format('the entries of this %s sum to %s USD, and not to zero', p.kind, trim_scale(e.total * 0.000000001)) end
        from billing.postings p
        full join (select e.posting_id, sum(e.amount) total from billing.entries e group by e.posting_id) e on e.posting_id = p.id
        where p.id is null or e.total <> 0
        """;

    // Whose the entries are, and in which books a posting of its kind may have them.
    private const string Entry =
        """
        select format('txn_%s', p.id), format('is a %s of %s, and has an entry of %s in the book %s', p.kind, p.account_id, e.account_id, e.book)
        from billing.postings p join billing.entries e on e.posting_id = p.id
        where e.account_id <> p.account_id or e.book not in ('customer', case
            when p.kind in ('charge', 'cache_hit', 'refund') or p.kind = 'adjustment' and p.request_id is not null then 'revenue' else 'platform' end)
            and (p.kind, e.book) not in (('provider_cost', 'platform'), ('provider_cost', 'provider_cost'))
            or (p.kind, e.book) = ('provider_cost', 'customer')
        """;

    // An account's postings are numbered under its lock: in the order of their ids, each says what the balance was behind it.
    private const string Running =
        """
        select format('txn_%s', r.id), format('the balance after it is %s USD, and the entries up to it sum to %s',
            trim_scale(r.balance_after * 0.000000001), trim_scale(r.total * 0.000000001))
        from (
            select p.id, p.balance_after,
                sum(coalesce(e.amount, 0)) over (partition by p.account_id collate "C" order by p.id rows unbounded preceding) total
            from billing.postings p left join billing.entries e on e.posting_id = p.id and e.book = 'customer') r
        where r.balance_after <> r.total
        """;

    private const string Held =
        """
        select coalesce(a.id, h.account_id),
            format('%s USD are held, and the open holds sum to %s', trim_scale(coalesce(a.held, 0) * 0.000000001), trim_scale(coalesce(h.total, 0) * 0.000000001))
        from billing.accounts a
        full join (
            select h.account_id, sum(h.amount) total from billing.holds h where h.state = 'open' group by h.account_id) h on h.account_id = a.id
        where a.held is distinct from coalesce(h.total, 0)
        """;

    // A call's postings take what it costs, after reratings, less what was written off and given back. A hit of the cache has no charge.
    private const string Charge =
        """
        select coalesce(c.request_id, p.request_id), case
            when c.request_id is null then 'has postings and no charge'
            when p.charges is distinct from 1 then format('has %s charge postings, and not one', coalesce(p.charges, 0))
            when coalesce(b.refunded, 0) > d.paid then
                format('%s USD were given back, and %s were paid', trim_scale(b.refunded * 0.000000001), trim_scale(d.paid * 0.000000001))
            else format('its postings took %s USD, and it costs %s after write-offs and refunds',
                trim_scale(-p.gained * 0.000000001), trim_scale((d.paid - coalesce(b.refunded, 0)) * 0.000000001)) end
        from (
            select p.request_id, count(*) filter (where p.kind = 'charge') charges, coalesce(sum(e.amount), 0) gained
            from billing.postings p left join billing.entries e on e.posting_id = p.id and e.book = 'customer'
            where p.request_id is not null and p.kind not in ('provider_cost', 'cache_hit') group by p.request_id) p
        full join billing.charges c on c.request_id = p.request_id
        left join (
            select distinct on (r.request_id) r.request_id, r.cost - r.written_off paid
            from billing.reratings r order by r.request_id, r.id desc) r on r.request_id = c.request_id
        left join (
            select b.request_id, sum(b.amount) refunded from billing.bookings b where b.request_id is not null group by b.request_id) b
            on b.request_id = c.request_id
        cross join lateral (select coalesce(r.paid, c.cost - c.written_off) paid) d
        where c.request_id is null or p.charges is distinct from 1 or coalesce(b.refunded, 0) > d.paid
            or -p.gained <> d.paid - coalesce(b.refunded, 0)
        """;

    // What a call costs us, after reratings.
    private const string ProviderCost =
        """
        select coalesce(c.request_id, p.request_id), format('its postings cost us %s USD, and it says %s',
            trim_scale(coalesce(p.total, 0) * 0.000000001), trim_scale(coalesce(r.provider_cost, c.provider_cost, 0) * 0.000000001))
        from billing.charges c
        full join (
            select p.request_id, sum(e.amount) total from billing.entries e join billing.postings p on p.id = e.posting_id
            where e.book = 'provider_cost' group by p.request_id) p on p.request_id = c.request_id
        left join (
            select distinct on (r.request_id) r.request_id, r.provider_cost from billing.reratings r order by r.request_id, r.id desc) r
            on r.request_id = c.request_id
        where coalesce(p.total, 0) <> coalesce(r.provider_cost, c.provider_cost, 0)
        """;

    private const string Settled =
        """
        select coalesce(h.request_id, c.request_id),
            case when c.request_id is null then 'the hold is settled, and there is no charge' else 'is charged, and the hold is not settled' end
        from (select h.request_id from billing.holds h where h.state = 'settled') h
        full join billing.charges c on c.request_id = h.request_id
        where h.request_id is null or c.request_id is null
        """;

    private const string Booking =
        """
        select format('txn_%s', coalesce(b.posting_id, p.id)), case
            when p.id is null then 'was booked, and there is no posting'
            when b.posting_id is null then format('this %s has a posting, and nobody booked it', p.kind)
            else format('%s USD were booked, and %s posted', trim_scale(b.amount * 0.000000001), trim_scale(coalesce(e.amount, 0) * 0.000000001)) end
        from billing.bookings b
        full join (
            select p.id, p.kind from billing.postings p
            where p.kind in ('top_up', 'refund') or p.kind = 'adjustment' and p.request_id is null) p on p.id = b.posting_id
        left join billing.entries e on e.posting_id = p.id and e.book = 'customer'
        where b.amount is distinct from e.amount
        """;

    private const string CacheHit =
        """
        select coalesce(t.request_id, p.request_id), case
            when p.request_id is null then 'was a hit of the cache, and there is no posting'
            when t.request_id is null then 'has a posting, and was no hit of the cache'
            else format('costs %s USD, and %s were posted for %s', trim_scale(t.cost * 0.000000001), trim_scale(p.taken * 0.000000001), p.account_id) end
        from billing.cache_hits t
        full join (
            select p.request_id, p.account_id, coalesce(-sum(e.amount), 0) taken
            from billing.postings p left join billing.entries e on e.posting_id = p.id and e.book = 'customer'
            where p.kind = 'cache_hit' group by 1, 2) p on p.request_id = t.request_id
        where (t.account_id, t.cost) is distinct from (p.account_id, p.taken)
        """;

    // What the calls of a key used on a day, at what they cost after reratings and refunds.
    private const string Usage =
        """
        select format('%s %s %s %s/%s', account_id, case key_id when '' then '-' else key_id end, day, provider, model),
            format('%s calls, %s tokens and %s USD are counted, and the calls sum to %s, %s and %s', coalesce(d.requests, 0), coalesce(d.tokens, 0),
                trim_scale(coalesce(d.cost, 0) * 0.000000001), coalesce(c.requests, 0), coalesce(c.tokens, 0),
                trim_scale(coalesce(c.cost, 0) * 0.000000001))
        from (
            select c.account_id, coalesce(c.key_id, '') key_id, (c.created_at at time zone 'utc')::date as day, c.requested_model as model,
                c.provider, count(*) requests,
                sum(c.input_tokens + c.cached_input_tokens + c.cache_write_tokens + c.cache_write_1h_tokens + c.output_tokens) tokens,
                sum(c.reasoning_tokens) reasoning, sum(coalesce(r.cost, c.cost) - coalesce(b.refunded, 0)) as cost,
                sum(coalesce(r.written_off, c.written_off)) written_off, sum(coalesce(r.provider_cost, c.provider_cost)) provider_cost
            from (
                select c.request_id, c.account_id, c.key_id, c.requested_model, c.provider, c.input_tokens, c.cached_input_tokens,
                    c.cache_write_tokens, c.cache_write_1h_tokens, c.output_tokens, c.reasoning_tokens, c.cost, c.written_off, c.provider_cost,
                    h.created_at
                from billing.charges c join billing.holds h on h.request_id = c.request_id
                union all
                select t.request_id, t.account_id, t.key_id, t.requested_model, t.provider, 0, 0, 0, 0, 0, 0, t.cost, 0, 0, t.created_at
                from billing.cache_hits t) c
            left join (
                select distinct on (r.request_id) r.* from billing.reratings r order by r.request_id, r.id desc) r on r.request_id = c.request_id
            left join (
                select b.request_id, sum(b.amount) refunded from billing.bookings b where b.request_id is not null group by b.request_id) b
                on b.request_id = c.request_id
            group by 1, 2, 3, 4, 5) c
        full join (
            select d.*, d.input_tokens + d.cached_input_tokens + d.cache_write_tokens + d.output_tokens tokens from billing.usage_days d) d
            using (account_id, key_id, day, model, provider)
        where (c.requests, c.tokens, c.reasoning, c.cost, c.written_off, c.provider_cost)
            is distinct from (d.requests, d.tokens, d.reasoning_tokens, d.cost, d.written_off, d.provider_cost)
        """;

    // A window has what its days used, and what its open holds count for.
    private const string Window =
        """
        select format('%s %s %s %s', account_id, case key_id when '' then '-' else key_id end, kind, starts), case
            when k.account_id is null then format('%s tokens are held, and there is no window', o.tokens)
            when (k.held_tokens, k.held_cost) <> (coalesce(o.tokens, 0), coalesce(o.cost, 0)) then
                format('%s tokens and %s USD are held, and the open holds sum to %s and %s', k.held_tokens,
                    trim_scale(k.held_cost * 0.000000001), coalesce(o.tokens, 0), trim_scale(coalesce(o.cost, 0) * 0.000000001))
            else format('%s tokens and %s USD were used, and the days sum to %s and %s', k.used_tokens, trim_scale(k.used_cost * 0.000000001),
                u.tokens, trim_scale(u.cost * 0.000000001)) end
        from (
            select k.*, case k.kind when 'total' then 'infinity' when 'day' then k.starts + 1 else k.starts + interval '1 month' end as ends
            from billing.key_windows k) k
        full join (
            select h.account_id, coalesce(h.key_id, '') key_id, w.kind, w.starts, sum(h.counted_tokens) tokens, sum(h.amount) as cost
            from billing.holds h cross join lateral billing.windows(h.created_at) w
            where h.state = 'open' and h.limits is not null group by 1, 2, 3, 4) o using (account_id, key_id, kind, starts)
        left join lateral (
            select coalesce(sum(d.input_tokens + d.cached_input_tokens + d.cache_write_tokens + d.output_tokens), 0) tokens,
                coalesce(sum(d.cost), 0) as cost
            from billing.usage_days d
            where d.account_id = k.account_id and d.key_id = k.key_id and d.day >= k.starts and d.day < k.ends) u on true
        where (k.held_tokens, k.held_cost) is distinct from (coalesce(o.tokens, 0), coalesce(o.cost, 0))
            or (k.used_tokens, k.used_cost) is distinct from (u.tokens, u.cost)
        """;

    public static IReadOnlyList<LedgerCheck> All { get; } =
    [
        new("balance", "select count(*) from billing.accounts", Balance),
        new("posting", "select count(*) from billing.postings", Posting),
        new("entry", "select count(*) from billing.entries", Entry),
        new("running", "select count(*) from billing.postings", Running),
        new("held", "select count(*) from billing.holds where state = 'open'", Held),
        new("charge", "select count(*) from billing.charges", Charge),
        new("provider_cost", "select count(*) from billing.charges", ProviderCost),
        new("settled", "select count(*) from billing.holds where state = 'settled'", Settled),
        new("booking", "select count(*) from billing.bookings", Booking),
        new("cache_hit", "select count(*) from billing.cache_hits", CacheHit),
        new("usage", "select count(*) from billing.usage_days", Usage),
        new("window", "select count(*) from billing.key_windows", Window),
    ];
}
